#include "http/http_listener.h"

#include <utility>

namespace tealgate {

HttpListener::HttpListener(Loop& loop, UniqueFd fd, RequestHandler& handler,
                           const ServerConnectionSettings& settings, Hooks hooks)
    : loop_(loop),
      handler_(handler),
      settings_(settings),
      hooks_(std::move(hooks)),
      address_(bound_address(fd)),
      socket_(std::make_unique<ListenSocket>(loop, std::move(fd),
                                             [this](UniqueFd client, const SocketAddress& peer) {
                                               on_accept(std::move(client), peer);
                                             })) {}

HttpListener::~HttpListener() = default;

void HttpListener::on_accept(UniqueFd fd, const SocketAddress& peer) {
  ServerConnectionOwner& owner = *this;
  auto connection =
      std::make_unique<ServerConnection>(loop_, std::move(fd), peer, handler_, settings_, owner);
  ServerConnection& opened = *connection;
  connections_.emplace(&opened, std::move(connection));
  if (hooks_.on_open) hooks_.on_open(opened, peer);
}

void HttpListener::close(Duration grace) {
  if (!socket_) return;
  socket_->accept_queued();
  loop_.destroy_later(std::move(socket_));
  for (const auto& [connection, owned] : connections_) connection->start_draining(grace);
}

void HttpListener::on_connection_closed(ServerConnection& connection) {
  const auto found = connections_.find(&connection);
  loop_.destroy_later(std::move(found->second));
  connections_.erase(found);
  if (hooks_.on_close) hooks_.on_close();
}

}  // namespace tealgate
