// Files that survive a crash whole: replaced by rename, or appended to, and synced.
//
// Everything here blocks; call it at start or in a thread-pool job.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tealgate {

// None if there is no such file.
Result<std::optional<std::string>> read_file(const std::string& path);

// temp + fsync + rename + fsync of the folder: after a crash the file holds the old text or the
// new. On an error it may hold the new one too: the rename was done, but not its sync.
Result<void> replace_file(const std::string& path, std::string_view text);

// Opens for appending, making it if need be; the folder is synced.
Result<UniqueFd> open_for_appending(const std::string& path);
// Its last `count` whole lines, or all, and what follows them without a newline. Reads no more than
// it must.
struct LastLines {
  std::size_t begin = 0;  // where they begin in the file
  std::string text;
};
Result<LastLines> read_last_lines(int fd, const std::string& path, std::size_t count);
Result<void> append_and_sync(int fd, const std::string& path, std::string_view text);
Result<void> cut_file(int fd, const std::string& path, std::size_t size);

}  // namespace tealgate
