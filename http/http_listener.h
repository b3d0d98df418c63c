// A listening socket with the client connections that came in on it.
//
// Whoever serves HTTP has one: a worker for each of its addresses, the control socket, the demo's
// app servers.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>

#include "base/listen_socket.h"
#include "http/server_connection.h"

namespace tealgate {

class HttpListener final : private ServerConnectionOwner {
 public:
  struct Hooks {
    std::function<void(ServerConnection& connection, const SocketAddress& peer)> on_open;
    // A connection left connections(); its last callbacks come at the end of the turn.
    std::function<void()> on_close;
  };

  // `handler` and `settings` must outlive the listener.
  HttpListener(Loop& loop, UniqueFd fd, RequestHandler& handler,
               const ServerConnectionSettings& settings, Hooks hooks = {});
  ~HttpListener();

  // With the port that the kernel chose.
  const SocketAddress& address() const { return address_; }

  // Accepts what is queued, then listens no more; each connection ends after its answer, an idle
  // one after `grace`.
  void close(Duration grace);
  std::size_t connections() const { return connections_.size(); }

 private:
  void on_accept(UniqueFd fd, const SocketAddress& peer);
  void on_connection_closed(ServerConnection& connection) override;

  Loop& loop_;
  RequestHandler& handler_;
  const ServerConnectionSettings& settings_;
  const Hooks hooks_;
  const SocketAddress address_;
  std::unordered_map<ServerConnection*, std::unique_ptr<ServerConnection>> connections_;
  std::unique_ptr<ListenSocket> socket_;
};

}  // namespace tealgate
