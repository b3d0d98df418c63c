// A wall clock that nobody sets: the wall time when it was made, and what has passed since by the
// steady one. For deadlines that are told to people as times, but must not move with the system's
// clock.
#pragma once

#include "base/clock.h"

namespace tealgate {

class EvenClock {
 public:
  EvenClock(WallTime wall, TimePoint steady) : wall_(wall), steady_(steady) {}

  WallTime at(TimePoint now) const {
    return wall_ + std::chrono::duration_cast<WallClock::duration>(now - steady_);
  }
  // What the system's clock, which says `wall` at `now`, will say at `time` of this one. The same
  // time, unless somebody has set it.
  WallTime told(WallTime time, WallTime wall, TimePoint now) const;

 private:
  WallTime wall_;
  TimePoint steady_;
};

// Of the process's even clock, which begins with the first call of either. Any thread.
WallTime even_now();
WallTime told_by_wall(WallTime even);

}  // namespace tealgate
