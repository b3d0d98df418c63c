// Which file is at a path: to know later whether it is still the same one.
//
// A number alone does not tell, since file systems give it again to the next file. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tealgate {

struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t number = 0;
  std::int64_t made_at_ns = 0;  // 0: the file system does not know

  bool operator==(const FileIdentity&) const = default;
};

// Nothing: there is no file.
std::optional<FileIdentity> identity_of_file(const std::string& path);

}  // namespace tealgate
