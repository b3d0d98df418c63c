// A listening socket with the client connections that came in on it.
//
// Whoever serves HTTP has one: a worker for each of its addresses, the control socket, the demo's
// app servers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "base/address_counts.h"
#include "base/listen_socket.h"
#include "http/server_connection.h"

namespace tealgate {

class HttpListener final : private ServerConnectionOwner {
 public:
  struct Hooks {
    using Lease = AddressCounts::Lease;
    // A client wants in: none refuses it, which closes it at once.
    std::function<std::optional<Lease>(const SocketAddress& peer)> admit = {};
    std::function<void(ServerConnection& connection, const SocketAddress& peer)> on_open = {};
    // As `admit`, when a PROXY header has told whose connection it is.
    std::function<std::optional<Lease>(ServerConnection&, const SocketAddress& client)> admit_told =
        {};
    // A connection left connections(); its last callbacks come at the end of the turn.
    std::function<void()> on_close = {};
    // Each connection has a place in it.
    ConnectionBudget* budget = nullptr;
  };

  // `handler` and `settings` must outlive the listener.
  HttpListener(Loop& loop, UniqueFd fd, RequestHandler& handler,
               const ServerConnectionSettings& settings);
  HttpListener(Loop& loop, UniqueFd fd, RequestHandler& handler,
               const ServerConnectionSettings& settings, Hooks hooks);
  ~HttpListener();

  // With the port that the kernel chose.
  const SocketAddress& address() const { return address_; }

  // The budget may have a place again.
  void retry();
  // Accepts what is queued, then listens no more; each connection ends after its answer, an idle
  // one after `grace`.
  void close(Duration grace);
  std::size_t connections() const { return connections_.size(); }

 private:
  struct Opened {
    std::unique_ptr<ServerConnection> connection;
    AddressCounts::Lease lease;
  };

  void on_accept(UniqueFd fd, const SocketAddress& peer);
  void give_back();
  void on_connection_closed(ServerConnection& connection) override;
  Admission on_client_told(ServerConnection& connection, const SocketAddress& client) override;

  Loop& loop_;
  RequestHandler& handler_;
  const ServerConnectionSettings& settings_;
  const Hooks hooks_;
  const SocketAddress address_;
  std::unordered_map<ServerConnection*, Opened> connections_;
  std::unique_ptr<ListenSocket> socket_;
};

}  // namespace tealgate
