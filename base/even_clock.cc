#include "base/even_clock.h"

namespace tealgate {

namespace {

// Smaller differences come from slewing, and from reading the two clocks one after the other.
constexpr Duration kSet = std::chrono::seconds(1);

const EvenClock& even_clock() {
  static const EvenClock clock(WallClock::now(), Clock::now());
  return clock;
}

}  // namespace

WallTime EvenClock::told(WallTime time, WallTime wall, TimePoint now) const {
  const auto set_by = wall - at(now);
  return std::chrono::abs(set_by) < kSet ? time : time + set_by;
}

WallTime even_now() {
  return even_clock().at(Clock::now());
}

WallTime told_by_wall(WallTime even) {
  return even_clock().told(even, WallClock::now(), Clock::now());
}

}  // namespace tealgate
