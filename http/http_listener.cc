#include "http/http_listener.h"

#include <utility>

namespace tealgate {

HttpListener::HttpListener(Loop& loop, UniqueFd fd, RequestHandler& handler,
                           const ServerConnectionSettings& settings)
    : HttpListener(loop, std::move(fd), handler, settings, Hooks()) {}

HttpListener::HttpListener(Loop& loop, UniqueFd fd, RequestHandler& handler,
                           const ServerConnectionSettings& settings, Hooks hooks)
    : loop_(loop),
      handler_(handler),
      settings_(settings),
      hooks_(std::move(hooks)),
      address_(bound_address(fd)),
      socket_(std::make_unique<ListenSocket>(
          loop, std::move(fd),
          [this](UniqueFd client, const SocketAddress& peer) {
            on_accept(std::move(client), peer);
          },
          hooks_.budget)) {}

HttpListener::~HttpListener() {
  for (std::size_t i = 0; i < connections_.size(); ++i) give_back();
}

void HttpListener::on_accept(UniqueFd fd, const SocketAddress& peer) {
  std::optional<AddressCounts::Lease> lease(std::in_place);
  if (hooks_.admit) lease = hooks_.admit(peer);
  if (!lease) return give_back();
  ServerConnectionOwner& owner = *this;
  auto connection =
      std::make_unique<ServerConnection>(loop_, std::move(fd), peer, handler_, settings_, owner);
  ServerConnection& opened = *connection;
  connections_.emplace(&opened, Opened{std::move(connection), std::move(*lease)});
  if (hooks_.on_open) hooks_.on_open(opened, peer);
}

void HttpListener::give_back() {
  if (hooks_.budget) hooks_.budget->give_back();
}

void HttpListener::retry() {
  if (socket_) socket_->retry();
}

void HttpListener::close(Duration grace) {
  if (!socket_) return;
  socket_->accept_queued();
  loop_.destroy_later(std::move(socket_));
  for (const auto& [key, opened] : connections_) opened.connection->start_draining(grace);
}

Admission HttpListener::on_client_told(ServerConnection& connection, const SocketAddress& client) {
  if (!hooks_.admit_told) return Admission::Admitted;
  std::optional<AddressCounts::Lease> lease = hooks_.admit_told(connection, client);
  if (!lease) return Admission::Refused;
  connections_.at(&connection).lease = std::move(*lease);
  return Admission::Admitted;
}

void HttpListener::on_connection_closed(ServerConnection& connection) {
  const auto found = connections_.find(&connection);
  loop_.destroy_later(std::move(found->second.connection));
  connections_.erase(found);
  give_back();
  if (hooks_.on_close) hooks_.on_close();
}

}  // namespace tealgate
