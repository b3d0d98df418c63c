// A daemon that was replaced, as long as it finishes its exchanges: a worker more of the daemon
// that decides now, which tells it what to route by, what to cut and what to close. The other side,
// with what they say to each other, is remainder.h.
//
// Owned by Upgrade, from `serving` on. Control loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/timer.h"
#include "upstream/data_plane.h"

namespace tealgate {

class ControlLoop;
class Loop;

class Follower {
 public:
  struct Place {
    Loop& loop;
    ControlLoop& control;
    DataPlane& data_plane;
    std::function<void(const nlohmann::ordered_json&)> send;
    // Its own config does not allow what was decided: it must end soon.
    std::function<void(const std::string& why)> on_lost;
  };

  explicit Follower(Place place);
  ~Follower();

  void on_message(const nlohmann::ordered_json& message);

 private:
  void follow(std::uint64_t generation, const std::string& state);
  void on_adopted(std::uint64_t generation);
  void cut(const nlohmann::ordered_json& order);
  void close_streams(const nlohmann::ordered_json& order);
  void report();
  std::uint64_t own_generation(std::uint64_t generation) const;

  Place place_;
  std::map<std::uint64_t, std::uint64_t> generations_;  // the other daemon's, and our own
  std::string reported_;
  Timer report_;
  std::shared_ptr<Follower*> self_;
};

}  // namespace tealgate
