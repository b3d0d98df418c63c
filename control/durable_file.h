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
// new.
Result<void> replace_file(const std::string& path, std::string_view text);

// Opens for appending, making it if need be; the folder is synced.
Result<UniqueFd> open_for_appending(const std::string& path);
Result<void> append_and_sync(int fd, const std::string& path, std::string_view text);
Result<void> cut_file(int fd, const std::string& path, std::size_t size);

}  // namespace tealgate
