// Says in the daemon's log who asked for what he may not, and not more often than anybody reads:
// whoever may connect could fill a disk with it.
//
// Owned by the Api, on the control loop.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "control/command.h"

namespace tealgate {

class RefusalLog {
 public:
  // `who`: "uid 0, pid 7".
  void add(std::string_view who, const CommandError& why, TimePoint now);

  static constexpr unsigned kMost = 20;  // in each kSpan
  static constexpr Duration kSpan = std::chrono::minutes(1);

 private:
  TimePoint begin_ = {};
  unsigned logged_ = 0;
};

}  // namespace tealgate
