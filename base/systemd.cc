#include "base/systemd.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "base/log.h"

namespace tealgate {

namespace {

constexpr int kFirstDescriptor = 3;      // SD_LISTEN_FDS_START
constexpr long long kMaxSockets = 1024;  // nobody has more

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::optional<long long> number(std::string_view text) {
  long long value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_for_us(const char* pid_variable) {
  return number(variable(pid_variable)) == getpid();
}

bool send_to(std::string_view path, std::string_view message) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return false;
  }
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  if (path.front() == '@') address.sun_path[0] = '\0';  // the abstract name space
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = 1, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL,
                reinterpret_cast<const sockaddr*>(&address), size) >= 0;
}

}  // namespace

void notify_systemd(std::string_view assignments) {
  const std::string_view path = variable("NOTIFY_SOCKET");
  if (path.empty() || (path.front() != '/' && path.front() != '@')) return;
  if (!send_to(path, assignments)) {
    log_warning("systemd was not told ({}): {}", std::strerror(errno), assignments);
  }
}

std::optional<Duration> watchdog_interval() {
  const std::optional<long long> allowed = number(variable("WATCHDOG_USEC"));
  constexpr long long kMost = std::numeric_limits<long long>::max() / 1000;
  if (!allowed || *allowed <= 0 || *allowed > kMost) return std::nullopt;
  if (!variable("WATCHDOG_PID").empty() && !is_for_us("WATCHDOG_PID")) return std::nullopt;
  return std::chrono::microseconds(*allowed) / 2;
}

std::vector<UniqueFd> take_systemd_sockets() {
  std::vector<UniqueFd> sockets;
  if (is_for_us("WATCHDOG_PID")) unsetenv("WATCHDOG_PID");
  if (!is_for_us("LISTEN_PID")) return sockets;
  const long long count = number(variable("LISTEN_FDS")).value_or(0);
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) unsetenv(name);
  for (int i = 0; i < count && i < kMaxSockets; ++i) {
    const int fd = kFirstDescriptor + i;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) sockets.emplace_back(fd);
  }
  return sockets;
}

}  // namespace tealgate
