// What the daemon before this one still finishes, as this one sees it: a worker more. It routes by
// what is decided here, and its claims count in a cell of their own of each ServerState; so a
// published switch is exact, and a drain waits for it, as if there were one daemon. The other side
// is follower.h.
//
//   new: follow {generation, state}        what is decided, as this generation
//   old: follows {generation, servers}     no attempt of its can start on what
//                                          that left out; what is in flight
//   old: in_flight {servers}               whenever it changes
//   new: cut {order, kind, generation, servers}
//   old: was_cut {order, exchanges}
//   new: close_streams {generation, servers, over_ms}
//
// Owned by Predecessor, from `serving` to the end of the old one. Control loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/mailbox.h"
#include "base/timer.h"
#include "upstream/data_plane.h"
#include "upstream/snapshot_cell.h"

namespace tealgate {

class Loop;

class Remainder {
 public:
  struct Place {
    Loop& loop;
    SnapshotCell& cell;
    unsigned index;                      // of its cell in each ServerState
    std::function<std::string()> state;  // what is decided now: encode_state()
    std::function<void(const nlohmann::ordered_json&)> send;
    std::function<void()> on_silence;  // it does not answer any more
  };

  explicit Remainder(Place place);
  // Nothing of it is left.
  ~Remainder();

  void on_message(const nlohmann::ordered_json& message);

  // As of DataPlane; `on_done` gets 0 if its end comes first.
  void cut(const CutOrder& order, std::function<void(unsigned)> on_done);
  void close_streams(const CloseOrder& order);

 private:
  void take(const nlohmann::ordered_json& message);
  void tell();
  void on_follows(std::uint64_t generation);
  void count(const nlohmann::ordered_json& servers);
  void forget_counts();
  nlohmann::ordered_json keys_of(const std::vector<std::shared_ptr<ServerState>>& servers) const;

  Place place_;
  std::uint64_t told_ = 0;
  std::uint64_t orders_ = 0;
  std::map<std::uint64_t, std::function<void(unsigned)>> cuts_;
  std::vector<std::shared_ptr<ServerState>> counted_;  // where its cell is not all zero
  Timer silence_;
  Mailbox mailbox_;
  SnapshotReader reader_;
};

}  // namespace tealgate
