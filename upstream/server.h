// One address that answers for a pool: what is configured (immutable, in a snapshot) and what is
// observed (ServerState).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/address.h"
#include "upstream/pool_tls.h"
#include "upstream/traffic_figures.h"

namespace tealgate {

enum class AdminState : std::uint8_t { Ready, Drain, Maint };
enum class Health : std::uint8_t { Unknown, Up, Down };

// Observed, outlives snapshots, found again by service, pool and server name. Workers write only
// their own cell; control writes health and reads the cells.
class ServerState {
 public:
  // On a cache line of its own. Written by one worker, read by control.
  struct alignas(64) Cell {
    std::atomic<std::uint32_t> in_flight{0};   // claimed attempts
    std::atomic<std::uint32_t> uploading{0};   // of them: the request's body is still coming
    std::atomic<std::uint32_t> responding{0};  // of them: a response byte has gone to the client
    std::atomic<std::uint32_t> blocked{
        0};  // of them: waiting for a slow client to take its response
    std::atomic<std::uint32_t> streams{
        0};  // of them: a tunnel or an event stream, without an end of its own
    std::atomic<std::uint64_t> claims{0};    // ever
    std::atomic<std::uint64_t> failures{0};  // ever; attempts that ended by the server's fault
  };
  struct Counts {
    std::uint64_t in_flight = 0, uploading = 0, responding = 0, blocked = 0, streams = 0,
                  claims = 0, failures = 0;
  };

  explicit ServerState(unsigned workers) : cells_(workers), traffic_(workers) {}

  Health health() const { return health_.load(std::memory_order_acquire); }
  void set_health(Health health) { health_.store(health, std::memory_order_release); }

  Cell& cell(unsigned worker) { return cells_[worker]; }
  // Sum over the workers. Exact for servers that no adopted snapshot routes to any more
  // (SnapshotCell::lowest_adopted).
  Counts counts() const;

  // Exchanges whose last attempt went here.
  TrafficFigures& traffic() { return traffic_; }

 private:
  std::atomic<Health> health_{Health::Unknown};
  std::vector<Cell> cells_;
  TrafficFigures traffic_;
};

struct Server {
  std::string name;          // unique in the service; default: the address as written
  std::string address_text;  // as written
  SocketAddress address;
  unsigned weight = 1;  // 1..1000
  AdminState admin = AdminState::Ready;
  std::shared_ptr<ServerState> state;
  std::shared_ptr<const PoolTls> tls = nullptr;  // null: plain

  // May a new attempt go here?
  bool is_eligible() const { return admin == AdminState::Ready && state->health() == Health::Up; }
  // Whom a session with it must prove to be.
  TlsClientContext::Peer peer() const { return {host_of(address_text), address_text}; }

  // "10.0.0.1", "app.internal", "::1"; of ":8081" the loopback address.
  static std::string_view host_of(std::string_view address_text);
};

std::string_view to_string(AdminState state);  // "ready", "drain", "maint"
std::string_view to_string(Health health);     // "unknown", "up", "down"

}  // namespace tealgate
