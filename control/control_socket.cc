#include "control/control_socket.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/log.h"
#include "control/connection_terms.h"

namespace tealgate {
namespace {

constexpr unsigned kSocketMode = 0660;

Access access_of(const ControlSocketConfig& settings) {
  return {settings.role, settings.services, settings.path};
}

// The one that the system gives to a new file there.
gid_t usual_group(const std::string& path) {
  struct stat folder {};
  const std::string parent = path.substr(0, path.rfind('/') + 1);
  const bool is_inherited = stat(parent.c_str(), &folder) == 0 && (folder.st_mode & S_ISGID) != 0;
  return is_inherited ? folder.st_gid : getegid();
}

}  // namespace

// One connection, with who made it.
struct ControlSocket::Client final : RequestHandler {
  Client(Api& of, const Access& has, Caller who) : api(of), access(&has), caller(std::move(who)) {}

  std::unique_ptr<RequestAnswerer> on_request(RequestHead&& head, ResponseWriter& writer) override {
    return api.answer(head, writer, caller, *access);
  }

  Api& api;
  const Access* access;  // the socket's, as it is now
  Caller caller;
  std::unique_ptr<ServerConnection> connection;
};

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(Loop& loop,
                                                           const ControlSocketConfig& settings,
                                                           Api& api) {
  Result<UniqueFd> fd = listen(settings);
  if (!fd) return tl::make_unexpected(fd.error());
  return adopt(loop, std::move(*fd), settings, api);
}

Result<UniqueFd> ControlSocket::listen(const ControlSocketConfig& settings) {
  if (const std::string why = group_obstacle(settings); !why.empty()) return error("{}", why);
  return listen_unix(settings.path, kSocketMode, settings.gid);
}

std::unique_ptr<ControlSocket> ControlSocket::adopt(Loop& loop, UniqueFd fd,
                                                    const ControlSocketConfig& settings, Api& api) {
  std::unique_ptr<ControlSocket> control(new ControlSocket(loop, settings, api));
  control->file_ = identity_of_file(settings.path);
  control->take_back(std::move(fd));
  return control;
}

ControlSocket::ControlSocket(Loop& loop, const ControlSocketConfig& settings, Api& api)
    : loop_(loop),
      settings_(settings),
      api_(api),
      access_(access_of(settings)),
      connections_(control_connection_terms()),
      places_("the control socket " + settings.path),
      departure_(loop, [this] { drop_departed(); }) {
  places_.set_limit(kMostClients);
}

void ControlSocket::change(const ControlSocketConfig& settings) {
  const bool is_of_other_group = settings.gid != settings_.gid;
  access_ = access_of(settings);
  settings_ = settings;
  if (is_of_other_group) settle_file();
}

// Who has connected as a member of another group may hear the rest of his answer, and ask no more.
void ControlSocket::dismiss_clients() {
  static const Access kNothing{Role::Viewer, std::vector<std::string>(),
                               "a connection from before the socket's group changed"};
  places_.set_limit(UINT64_MAX);  // of the former group are those in the queue, too
  if (socket_) socket_->accept_queued();
  places_.set_limit(kMostClients);
  for (const auto& [connection, client] : clients_) {
    client->access = &kNothing;
    connection->start_draining(Duration::zero());
  }
}

void ControlSocket::settle_file() {
  const gid_t group = settings_.gid.value_or(usual_group(path()));
  struct stat file {};
  const bool is_so = ::stat(path().c_str(), &file) == 0 && file.st_gid == group &&
                     (file.st_mode & 07777) == kSocketMode;
  if (is_so) return;
  ::chmod(path().c_str(), kSocketMode & 0700);  // from here on, nobody of the former group comes
  dismiss_clients();
  if (const auto given = give_unix_socket(path(), kSocketMode, group); !given)
    log_error("{}", given.error().message);
}

ControlSocket::~ControlSocket() {
  if (listening_.is_open() && has_file()) ::unlink(path().c_str());
}

bool ControlSocket::has_file() const {
  return file_ && file_ == identity_of_file(path());
}

void ControlSocket::pause() {
  loop_.destroy_later(std::move(socket_));
}

void ControlSocket::go_on() {
  socket_ = std::make_unique<ListenSocket>(
      loop_, duplicate(),
      [this](UniqueFd client, const SocketAddress& peer) { on_accept(std::move(client), peer); },
      &places_);
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
  if (has_file()) ::unlink(path().c_str());
  give_away();
}

void ControlSocket::give_away() {
  listening_.reset();
  loop_.destroy_later(std::move(socket_));
  for (const auto& [connection, client] : clients_) connection->start_draining(Duration::zero());
}

void ControlSocket::on_accept(UniqueFd fd, const SocketAddress& peer) {
  auto client = std::make_unique<Client>(api_, access_, caller_at(fd.get()));
  ServerConnectionOwner& owner = *this;
  client->connection =
      std::make_unique<ServerConnection>(loop_, std::move(fd), peer, *client, connections_, owner);
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
  for (ServerConnection* connection : departed) {
    clients_.erase(connection);
    free_place();
  }
  if (!clients_.empty()) departure_.start(kDepartureCheck);
}

void ControlSocket::on_connection_closed(ServerConnection& connection) {
  auto found = clients_.find(&connection);
  loop_.destroy_later(std::move(found->second));
  clients_.erase(found);
  free_place();
}

void ControlSocket::free_place() {
  places_.give_back();
  if (socket_) socket_->retry();
}

std::string group_obstacle(const ControlSocketConfig& settings) {
  if (!settings.gid || geteuid() == 0 || getegid() == *settings.gid) return "";
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(getgroups(0, nullptr), 0)));
  groups.resize(static_cast<std::size_t>(
      std::max(getgroups(static_cast<int>(groups.size()), groups.data()), 0)));
  if (std::ranges::find(groups, *settings.gid) != groups.end()) return "";
  return fmt::format(
      "{}: the daemon's user is no member of the group {} and cannot give the socket "
      "to it; add it (usermod -aG {}) and restart the daemon",
      settings.path, settings.group, settings.group);
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
