#include "control/config_surroundings.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/unique_fd.h"
#include "control/scalar_values.h"

namespace tealgate {
namespace {

// "1 MiB", "64 KiB".
std::string in_words(std::size_t bytes) {
  constexpr std::size_t kMebibyte = std::size_t{1024} * 1024;
  return bytes % kMebibyte == 0 ? fmt::format("{} MiB", bytes / kMebibyte)
                                : fmt::format("{} KiB", bytes / 1024);
}

Result<std::string> read_all(int fd, std::size_t most) {
  std::string content;
  char chunk[16384];
  while (true) {
    const ssize_t count = read(fd, chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return error("cannot be read: {}", std::strerror(errno));
    if (count == 0) return content;
    content.append(chunk, static_cast<std::size_t>(count));
    if (content.size() > most) return error("is larger than {}", in_words(most));
  }
}

Result<gid_t> find_group(const std::string& name) {
  // The highest one is chown(2)'s word for "leave it".
  constexpr auto kNone = static_cast<gid_t>(-1);
  const Result<unsigned> number = parse_number(name);
  if (number && *number != kNone) return gid_t{*number};
  std::vector<char> buffer(std::size_t{64} * 1024);
  group entry{};
  group* found = nullptr;
  getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) return error("is no group of this machine");
  return found->gr_gid;
}

}  // namespace

Result<std::string> read_bounded_file(const std::string& path, std::size_t most) {
  // Without O_NONBLOCK a pipe's open would last until somebody writes, for good perhaps.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat status {};
  if (!fd.is_open() || fstat(fd.get(), &status) != 0) {
    return error("cannot be read: {}", std::strerror(errno));
  }
  if (S_ISDIR(status.st_mode)) return error("is a folder, not a file");
  if (!S_ISREG(status.st_mode)) return error("is not a regular file");
  return read_all(fd.get(), most);
}

ConfigSurroundings ConfigSurroundings::real() {
  return {.variable = [](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str());
            return value ? std::optional<std::string>(value) : std::nullopt;
          },
          .content = read_bounded_file,
          .resolve =
              [](std::string_view text) {
                return SocketAddress::resolve(text, SocketAddress::EmptyHost::Loopback);
              },
          .group = find_group};
}

}  // namespace tealgate
