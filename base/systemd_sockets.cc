#include "base/systemd_sockets.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>

#include <utility>

#include "base/listen_socket.h"
#include "base/log.h"
#include "base/systemd.h"

namespace tealgate {

namespace {

constexpr const char* kKind = "systemd";

int option(const UniqueFd& fd, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd.get(), SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

UniqueFd copy_of(const UniqueFd& fd) {
  return UniqueFd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}

}  // namespace

SystemdSockets SystemdSockets::from_environment() {
  SystemdSockets sockets;
  for (UniqueFd& fd : take_systemd_sockets()) sockets.add(std::move(fd));
  return sockets;
}

SystemdSockets SystemdSockets::from_predecessor(Inheritance& inheritance) {
  SystemdSockets sockets;
  for (UniqueFd& fd : inheritance.take(kKind, "")) sockets.add(std::move(fd));
  return sockets;
}

void SystemdSockets::add(UniqueFd fd) {
  if (option(fd, SO_ACCEPTCONN) != 1 || option(fd, SO_TYPE) != SOCK_STREAM) {
    log_warning("descriptor {} of systemd is no listening stream socket", fd.get());
    return;
  }
  make_ours(fd);
  const SocketAddress address = bound_address(fd);
  entries_.push_back({std::move(fd), address});
}

std::vector<UniqueFd> SystemdSockets::take(const SocketAddress& address) {
  std::vector<UniqueFd> sockets;
  for (Entry& entry : entries_) {
    if (!(entry.address == address)) continue;
    entry.is_used = true;
    sockets.push_back(copy_of(entry.fd));
  }
  return sockets;
}

std::vector<HandedDescriptor> SystemdSockets::handed() const {
  std::vector<HandedDescriptor> all;
  for (const Entry& entry : entries_) all.push_back({kKind, "", copy_of(entry.fd)});
  return all;
}

// One on all IPv6 addresses may take IPv4, too, and stand in our way.
void SystemdSockets::warn_of_unused() const {
  for (const Entry& entry : entries_) {
    if (entry.is_used) continue;
    const bool is_dual = entry.address.host() == "::";
    log_warning("no listener of the config uses systemd's socket {}{}", entry.address.to_string(),
                is_dual ? fmt::format("; for \":{0}\" its unit must say ListenStream=0.0.0.0:{0}",
                                      entry.address.port())
                        : "");
  }
}

std::vector<UniqueFd> spread(std::vector<UniqueFd> sockets, std::size_t count) {
  const std::size_t given = sockets.size();
  for (std::size_t i = given; i < count; ++i) sockets.push_back(copy_of(sockets[i % given]));
  return sockets;
}

}  // namespace tealgate
