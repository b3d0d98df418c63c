// Does what Drain decides for the servers that one operation left out: looks at their counts, has
// the data plane cut.
//
// Control loop's thread; owned by the operation. One Drain a server, so that each can be disarmed
// alone when a later operation brings it back. Begin it when every worker has adopted the snapshot
// of `left_out_by`.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/timer.h"
#include "control/decisions.h"
#include "control/drain.h"
#include "control/health_policy.h"

namespace tealgate {

class Loop;

class ServerDrains {
 public:
  struct Target {
    ServerKey key;
    std::shared_ptr<ServerState> state;
  };
  // Called from the loop, never from inside a call of the owner's.
  struct Listener {
    std::function<void()> on_change;  // a count changed
    std::function<void()> on_over;    // once; may destroy the ServerDrains
  };

  ServerDrains(Loop& loop, DataPlane& data_plane, std::vector<Target> targets,
               Drain::Deadlines deadlines, std::uint64_t left_out_by, Listener listener);
  ~ServerDrains();

  // Disarms those that get new requests in `snapshot`. True if there was one.
  bool disarm_routed(const Snapshot& snapshot);

  DrainReport report() const;  // all servers together
  bool is_over() const;

  static constexpr Duration kPollInterval = std::chrono::milliseconds(20);

 private:
  struct One {
    Target target;
    Drain drain;
  };
  void look_soon();
  void look();
  void cut(std::size_t index, CutKind kind);
  void close_streams();

  Loop& loop_;
  DataPlane& data_plane_;
  std::vector<One> servers_;
  std::uint64_t left_out_by_;
  Duration deadline_;
  Listener listener_;
  std::uint64_t last_left_ = 0;
  bool told_ = false;
  std::shared_ptr<ServerDrains*> self_;
  Timer poll_;
};

// The one server, or nothing if the service has no such server.
std::vector<ServerDrains::Target> servers_named(const Service& service, const ServerName& name);
// The servers of `before` that get no new requests by `after`'s split.
std::vector<ServerDrains::Target> servers_left_out(const Service& before, const Service& after);

}  // namespace tealgate
