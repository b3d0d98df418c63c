// Lets the log say a thing once that many sockets meet again and again. Any thread.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace tealgate {

class Seldom {
 public:
  // Whether to say it at `now`: the first time, and again after a minute in which nobody asked.
  bool is_news(TimePoint now) {
    constexpr Duration kQuiet = std::chrono::minutes(1);
    const Duration::rep at = now.time_since_epoch().count();
    const Duration::rep last = last_.exchange(at, std::memory_order_relaxed);
    return last == kNever || at - last > kQuiet.count();
  }

 private:
  static constexpr Duration::rep kNever = 0;
  std::atomic<Duration::rep> last_{kNever};
};

}  // namespace tealgate
