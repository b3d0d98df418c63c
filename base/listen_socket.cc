#include "base/listen_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/loop.h"
#include "base/shortage.h"

namespace tealgate {

namespace {

constexpr int kQueueLength = 4096;  // the kernel caps it at net.core.somaxconn
constexpr int kAcceptsPerTurn = 128;
constexpr int kDeferAcceptSeconds = 1;
constexpr Duration kRetryDelay = std::chrono::milliseconds(100);

std::string reason(int error) {
  if (error == EADDRINUSE) return "the port is in use by another process";
  if (error == EACCES) return "permission denied (ports below 1024 need CAP_NET_BIND_SERVICE)";
  if (error == EADDRNOTAVAIL) return "this machine has no such address";
  return std::strerror(error);
}

void set_option(const UniqueFd& fd, int level, int name, int value) {
  setsockopt(fd.get(), level, name, &value, sizeof value);
}

Result<UniqueFd> bind_tcp(const SocketAddress& address, bool shared) {
  UniqueFd fd(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return error("{}: {}", address.to_string(), reason(errno));
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (shared) set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (address.family() == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (bind(fd.get(), address.raw(), address.size()) != 0) {
    return error("{}: {}", address.to_string(), reason(errno));
  }
  return fd;
}

// The address with a real port, if nobody listens on it. SO_REUSEPORT would let two daemons share a
// port silently, so a socket without it tries first. (A socket that only SO_REUSEADDR marks may
// bind unless somebody listens.)
Result<SocketAddress> free_address(const SocketAddress& address) {
  const Result<UniqueFd> probe = bind_tcp(address, false);
  if (!probe) return tl::make_unexpected(probe.error());
  if (listen(probe->get(), 1) != 0) return error("{}: {}", address.to_string(), reason(errno));
  return bound_address(*probe);
}

bool somebody_answers(const SocketAddress& address) {
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return connect(fd.get(), address.raw(), address.size()) == 0 || errno == EAGAIN;
}

}  // namespace

void make_ours(const UniqueFd& fd) {
  fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  if (!bound_address(fd).is_unix()) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, kDeferAcceptSeconds);
  }
  listen(fd.get(), kQueueLength);  // once more, for the length of the queue
}

SocketAddress bound_address(const UniqueFd& fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return {reinterpret_cast<const sockaddr*>(&address), size};
}

Result<std::vector<UniqueFd>> listen_tcp(const SocketAddress& address, std::size_t count,
                                         PortOwner owner) {
  const Result<SocketAddress> real_address =
      owner == PortOwner::This ? Result<SocketAddress>(address) : free_address(address);
  if (!real_address) return tl::make_unexpected(real_address.error());
  std::vector<UniqueFd> sockets;
  for (std::size_t i = 0; i < count; ++i) {
    Result<UniqueFd> fd = bind_tcp(*real_address, true);
    if (!fd) return tl::make_unexpected(fd.error());
    set_option(*fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, kDeferAcceptSeconds);
    if (listen(fd->get(), kQueueLength) != 0) {
      return error("{}: {}", address.to_string(), reason(errno));
    }
    sockets.push_back(std::move(*fd));
  }
  return sockets;
}

Result<void> give_unix_socket(const std::string& path, unsigned mode, gid_t group) {
  chmod(path.c_str(), mode & 0700);
  if (lchown(path.c_str(), static_cast<uid_t>(-1), group) != 0) {
    return error(
        "{}: cannot give the socket to group {}: {}; the daemon's user must be a member "
        "of it",
        path, group, std::strerror(errno));
  }
  if (chmod(path.c_str(), mode) != 0) return error("{}: {}", path, std::strerror(errno));
  return {};
}

Result<UniqueFd> listen_unix(const std::string& path, unsigned mode, std::optional<gid_t> group) {
  const Result<SocketAddress> address = SocketAddress::unix_path(path);
  if (!address) return tl::make_unexpected(address.error());
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return error("{}: {}", path, std::strerror(errno));
  int bound = bind(fd.get(), address->raw(), address->size());
  if (bound != 0 && errno == EADDRINUSE) {
    struct stat status {};
    if (stat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode)) {
      return error("{}: exists and is not a socket", path);
    }
    if (somebody_answers(*address)) {
      return error("{}: a running daemon owns this socket; stop it first, or give another path",
                   path);
    }
    unlink(path.c_str());
    bound = bind(fd.get(), address->raw(), address->size());
  }
  if (bound != 0) return error("{}: cannot make the socket: {}", path, std::strerror(errno));
  // Before listen(): nobody can connect with the permissions that the umask gave.
  const Result<void> given = group ? give_unix_socket(path, mode, *group) : Result<void>();
  if (!given) {
    unlink(path.c_str());
    return tl::make_unexpected(given.error());
  }
  if (chmod(path.c_str(), mode) != 0 || listen(fd.get(), kQueueLength) != 0) {
    return error("{}: cannot make the socket: {}", path, std::strerror(errno));
  }
  return fd;
}

ListenSocket::ListenSocket(Loop& loop, UniqueFd fd, OnAccept on_accept, ConnectionBudget* budget)
    : poller_(loop.poller()),
      fd_(std::move(fd)),
      on_accept_(std::move(on_accept)),
      budget_(budget),
      token_(poller_.add(*this)),
      retry_(loop, [this] { poller_.make_ready(token_); }) {
  CHECK(poller_.watch(token_, fd_.get()), "a listening socket on the poller");
}

// Another process may have the socket too, since an upgrade: closing ours does not end its events.
ListenSocket::~ListenSocket() {
  poller_.unwatch(fd_.get());
  poller_.remove(token_);
}

void ListenSocket::accept_queued() {
  while (accept_one()) {
  }
}

void ListenSocket::on_events(std::uint32_t) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (!accept_one()) return;
  }
  poller_.make_ready(token_);
}

// False when nothing more can be taken now.
bool ListenSocket::accept_one() {
  if (!take_place()) return false;
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  const int fd =
      accept4(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return on_accept_failed(errno);
  on_accept_(UniqueFd(fd), SocketAddress(reinterpret_cast<const sockaddr*>(&peer), size));
  return true;
}

bool ListenSocket::take_place() {
  waits_for_place_ = budget_ && !budget_->take();
  return !waits_for_place_;
}

// Whether another accept may do better.
bool ListenSocket::on_accept_failed(int error) {
  if (budget_) budget_->give_back();
  if (is_shortage(error)) {
    report_shortage("accepting clients", error);
    retry_.start(kRetryDelay);
    return false;
  }
  // Anything else concerns the one connection only (ECONNABORTED, EPERM of a firewall, network
  // errors: accept(2)).
  return error != EAGAIN;
}

void ListenSocket::retry() {
  if (waits_for_place_) poller_.make_ready(token_);
}

}  // namespace tealgate
