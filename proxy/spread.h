// When which of a number of things is due, if they are to be spread evenly over a time: the first
// at once, the last before its end. Pure; the number may change while it runs.
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace tealgate {

class Spread {
 public:
  // `phase` in [0, 1): how much of the first pause is waited before the first, so that several
  // spreads at once (one a worker) do not fall on the same moments.
  Spread(TimePoint begin, Duration over, double phase = 0);

  // How many of the `left` that were not done yet are due; the caller does just these.
  std::size_t due(std::size_t left, TimePoint now);
  // How long after `now` to ask again: when the next is due, and soon enough for things that come
  // later.
  Duration pause(TimePoint now) const;

  // Many are done in groups, this far apart.
  static constexpr Duration kGroup = std::chrono::milliseconds(100);
  static constexpr Duration kLongestPause = std::chrono::seconds(1);

 private:
  TimePoint end_;
  TimePoint next_;
  double phase_;
};

}  // namespace tealgate
