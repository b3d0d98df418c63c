#include "control/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

namespace tealgate {
namespace {

tl::unexpected<Error> failed(const std::string& path, std::string_view what) {
  return error("{}: cannot {}: {}", path, what, std::strerror(errno));
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> write_all(int fd, const std::string& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(path, "write");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<UniqueFd> open_folder_of(const std::string& path) {
  const std::string folder = folder_of(path);
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return failed(folder, "open");
  return fd;
}

Result<void> sync_folder(const UniqueFd& folder, const std::string& path) {
  if (::fsync(folder.get()) != 0) return failed(folder_of(path), "sync");
  return {};
}

Result<void> read_at(int fd, const std::string& path, std::span<char> into, std::size_t offset) {
  while (!into.empty()) {
    const ssize_t got = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path, "read");
    if (got == 0) return error("{}: it is shortened by somebody else", path);
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::size_t>(got);
  }
  return {};
}

}  // namespace

Result<std::optional<std::string>> read_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    return failed(path, "read");
  }
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path, "read");
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

Result<void> replace_file(const std::string& path, std::string_view text) {
  // Opened before anything is replaced: after that only the disk can fail.
  const auto folder = open_folder_of(path);
  if (!folder) return tl::make_unexpected(folder.error());
  const std::string temporary = path + ".new";
  UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (!fd.is_open()) return failed(temporary, "write");
  if (auto written = write_all(fd.get(), temporary, text); !written) return written;
  if (::fsync(fd.get()) != 0) return failed(temporary, "sync");
  fd.reset();
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed(path, "replace");
  return sync_folder(*folder, path);
}

Result<UniqueFd> open_for_appending(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!fd.is_open()) return failed(path, "open");
  const auto folder = open_folder_of(path);
  if (!folder) return tl::make_unexpected(folder.error());
  if (auto synced = sync_folder(*folder, path); !synced) {
    return tl::make_unexpected(synced.error());
  }
  return fd;
}

Result<LastLines> read_last_lines(int fd, const std::string& path, std::size_t count) {
  struct stat now {};
  if (::fstat(fd, &now) != 0) return failed(path, "read the size");
  LastLines lines{static_cast<std::size_t>(now.st_size), ""};
  std::size_t found = 0;  // newlines
  while (lines.begin > 0) {
    char buffer[65536];
    const std::size_t size = std::min(lines.begin, sizeof buffer);
    auto got = read_at(fd, path, {buffer, size}, lines.begin - size);
    if (!got) return tl::make_unexpected(got.error());
    for (std::size_t i = size; i > 0; --i) {
      if (buffer[i - 1] != '\n' || found++ < count) continue;
      lines.begin -= size - i;
      lines.text.insert(0, buffer + i, size - i);
      return lines;
    }
    lines.begin -= size;
    lines.text.insert(0, buffer, size);
  }
  return lines;
}

Result<void> append_and_sync(int fd, const std::string& path, std::string_view text) {
  struct stat before {};
  if (::fstat(fd, &before) != 0) return failed(path, "read the size");
  auto written = write_all(fd, path, text);
  if (written && ::fdatasync(fd) != 0) written = failed(path, "sync");
  if (written || ::ftruncate(fd, before.st_size) == 0) return written;
  return error("{}; a part of the line stays in the file", written.error().message);
}

Result<void> cut_file(int fd, const std::string& path, std::size_t size) {
  if (::ftruncate(fd, static_cast<off_t>(size)) != 0) return failed(path, "shorten");
  if (::fsync(fd) != 0) return failed(path, "sync");
  return {};
}

}  // namespace tealgate
