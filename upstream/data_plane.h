// What the control plane may ask of the data plane. WorkerSet implements it, daemon.cc wires it,
// tests fake it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/tls_context.h"
#include "upstream/server.h"

namespace tealgate {

// Which attempts a drain's deadline cuts.
enum class CutKind : std::uint8_t {
  Waiting,  // no response byte has gone to the client: answered 504
  Moving,   // a response or an upload that still moves: the connection is cut
};

struct CutOrder {
  std::vector<std::shared_ptr<ServerState>> servers;
  // Only attempts claimed on a snapshot older than this generation.
  std::uint64_t claimed_before = 0;
  CutKind kind = CutKind::Waiting;
};

// How long the peers of a stream that is being closed get for their part of it.
constexpr Duration kCloseTime = std::chrono::seconds(5);

// Which WebSockets and event streams are closed properly, one after another.
struct CloseOrder {
  std::vector<std::shared_ptr<ServerState>> servers;  // those of them that get no new attempts
  std::uint64_t claimed_before = 0;                   // as in CutOrder
  Duration over{};                                    // spread over this time; zero: all at once
};

struct ListenerSettings {
  SocketAddress address;
  std::string text;                              // as written in the config
  bool proxy_protocol = false;                   // each connection begins with a PROXY header
  std::shared_ptr<const TlsServerSettings> tls;  // null: plain
  std::uint16_t https_port = 0;  // requests are redirected to https at this port; 0: they are not
  Duration hsts{};               // how long clients are to come by https alone; 0: not said
};

class DataPlane {
 public:
  // All are called on the control loop's thread and do not block; callbacks come on that thread.

  // Cuts what the order names on every worker; `on_done` gets the number of exchanges cut.
  virtual void cut(const CutOrder& order, std::function<void(unsigned)> on_done) = 0;

  // Begins it on every worker; streams that come later (their attempts were under way) have their
  // turn, too. Takes the place of earlier orders for any of these servers.
  virtual void close_streams(const CloseOrder& order) = 0;

  // Binds what is new in `listeners` before anything changes; an error leaves all as it was. The
  // returned token makes it real: new listeners accept, those no longer named close (what is queued
  // on them is accepted first). Dropping the token undoes the binding.
  class PreparedListeners {
   public:
    virtual ~PreparedListeners() = default;
    virtual void commit() = 0;
  };
  virtual Result<std::unique_ptr<PreparedListeners>> prepare_listeners(
      const std::vector<ListenerSettings>& listeners) = 0;
  // Where it listens now, with real ports.
  virtual std::vector<SocketAddress> listening() const = 0;

  // Accepts what is queued, closes the listeners, says Connection: close, closes idle clients after
  // 1 s of grace, closes WebSockets and event streams properly, and finishes what is in flight, at
  // most `grace`; then cuts. `on_done` when all is finished.
  virtual void stop(Duration grace, std::function<void()> on_done) = 0;

  // Exchanges under way on all workers, and those ever finished.
  struct Counts {
    std::uint64_t in_flight = 0;
    std::uint64_t finished = 0;
    std::uint64_t client_connections = 0;
    std::uint64_t refused_connections = 0;  // ever, by limits.connections_per_address
  };
  virtual Counts counts() const = 0;
  // CPU time that each worker's thread has used, ever. Asks the kernel for each.
  virtual std::vector<Duration> cpu_times() const = 0;

  virtual unsigned workers() const = 0;

  // See TlsTicketKeys::rotate_when_due.
  virtual void rotate_ticket_keys(WallTime /*now*/, std::chrono::seconds /*every*/) {}

 protected:
  ~DataPlane() = default;
};

}  // namespace tealgate
