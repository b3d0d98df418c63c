#include "control/control_socket.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

namespace tealgate {
namespace {

constexpr unsigned kSocketMode = 0660;

}  // namespace

// One connection, with who made it.
struct ControlSocket::Client final : RequestHandler {
  Client(Api& of, Caller who) : api(of), caller(std::move(who)) {}

  std::unique_ptr<RequestAnswerer> on_request(RequestHead&& head, ResponseWriter& writer) override {
    return api.answer(head, writer, caller, Api::Access::Full);
  }

  Api& api;
  Caller caller;
  std::unique_ptr<ServerConnection> connection;
};

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(Loop& loop, const std::string& path,
                                                           Api& api) {
  Result<UniqueFd> fd = listen(path);
  if (!fd) return tl::make_unexpected(fd.error());
  return adopt(loop, std::move(*fd), path, api);
}

Result<UniqueFd> ControlSocket::listen(const std::string& path) {
  return listen_unix(path, kSocketMode);
}

std::unique_ptr<ControlSocket> ControlSocket::adopt(Loop& loop, UniqueFd fd,
                                                    const std::string& path, Api& api) {
  std::unique_ptr<ControlSocket> control(new ControlSocket(loop, path, api));
  control->take_back(std::move(fd));
  return control;
}

ControlSocket::ControlSocket(Loop& loop, const std::string& path, Api& api)
    : loop_(loop), path_(path), api_(api), departure_(loop, [this] { drop_departed(); }) {}

ControlSocket::~ControlSocket() {
  if (listening_.is_open()) ::unlink(path_.c_str());
}

void ControlSocket::pause() {
  loop_.destroy_later(std::move(socket_));
}

void ControlSocket::go_on() {
  socket_ = std::make_unique<ListenSocket>(
      loop_, duplicate(),
      [this](UniqueFd client, const SocketAddress& peer) { on_accept(std::move(client), peer); });
}

void ControlSocket::take_back(UniqueFd fd) {
  listening_ = std::move(fd);
  go_on();
}

UniqueFd ControlSocket::duplicate() const {
  return UniqueFd(::fcntl(listening_.get(), F_DUPFD_CLOEXEC, 0));
}

void ControlSocket::close() {
  if (!listening_.is_open()) return;
  ::unlink(path_.c_str());
  give_away();
}

void ControlSocket::give_away() {
  listening_.reset();
  loop_.destroy_later(std::move(socket_));
  for (const auto& [connection, client] : clients_) connection->start_draining(Duration::zero());
}

void ControlSocket::on_accept(UniqueFd fd, const SocketAddress& peer) {
  auto client = std::make_unique<Client>(api_, caller_at(fd.get()));
  ServerConnectionOwner& owner = *this;
  client->connection =
      std::make_unique<ServerConnection>(loop_, std::move(fd), peer, *client, settings_, owner);
  ServerConnection* opened = client->connection.get();
  clients_.emplace(opened, std::move(client));
  if (!departure_.is_active()) departure_.start(kDepartureCheck);
}

void ControlSocket::drop_departed() {
  std::vector<ServerConnection*> departed;
  for (const auto& [connection, client] : clients_) {
    pollfd state{connection->fd(), 0, 0};
    // Both directions are closed: this is no half-close.
    if (::poll(&state, 1, 0) == 1 && (state.revents & POLLHUP) != 0) departed.push_back(connection);
  }
  // At once: at the end of the turn its stream might have reported the close, too.
  for (ServerConnection* connection : departed) clients_.erase(connection);
  if (!clients_.empty()) departure_.start(kDepartureCheck);
}

void ControlSocket::on_connection_closed(ServerConnection& connection) {
  auto found = clients_.find(&connection);
  loop_.destroy_later(std::move(found->second));
  clients_.erase(found);
}

Caller caller_at(int fd) {
  Caller caller;
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    caller.by = "unknown";
    return caller;
  }
  caller.by = fmt::format("uid {}", credentials.uid);
  caller.uid = credentials.uid;
  caller.gid = credentials.gid;
  caller.pid = credentials.pid;
  return caller;
}

}  // namespace tealgate
