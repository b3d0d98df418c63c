// Idle keep-alive connections of one worker, by server.
//
// The cache owns what is idle: take() hands ownership out, put() takes it back. A connection that
// the server closes while idle, or that was idle for too long, leaves by itself. It has no limit of
// its own: it cannot hold more connections than the worker had exchanges at once.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/loop.h"
#include "upstream/upstream_connection.h"

namespace tealgate {

class ConnectionCache {
 public:
  // How long a connection stays idle, unless its server announced less (Keep-Alive: timeout=N, of
  // which a second is taken off for the way).
  static constexpr Duration kIdleTime = std::chrono::seconds(4);

  explicit ConnectionCache(Loop& loop);
  ~ConnectionCache();

  // The most recently used idle connection to `server`, or null. With `max_idle` only one that was
  // idle for less. None from before its TLS settings changed. It may still turn out to be dead: a
  // close before the first response byte is Failure::ClosedWhenReused.
  std::unique_ptr<UpstreamConnection> take(const Server& server, Duration max_idle);

  // `connection` must be reusable (ClientConnection::is_reusable).
  void put(std::unique_ptr<UpstreamConnection> connection);

  // Closes what is idle to this server: it refused a connect, or closed without a word.
  void close_all(const ServerState& server);
  // Closes what is idle to servers that `keep` says no to.
  void close_unless(const std::function<bool(const ServerState&)>& keep);

 private:
  class Idle;
  using Entries = std::vector<std::unique_ptr<Idle>>;

  void remove(Idle& idle);

  Loop& loop_;
  std::unordered_map<const ServerState*, Entries> by_server_;
};

}  // namespace tealgate
