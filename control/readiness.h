// Says once when the listeners may open: when each active server's first check has ended, or after
// kLongest.
#pragma once

#include <functional>
#include <memory>

#include "base/timer.h"
#include "control/health_policy.h"

namespace tealgate {

class Readiness {
 public:
  static constexpr Duration kLongest = std::chrono::seconds(1);

  // Asks for the checks at once; `on_ready` comes in a later turn of the loop, unless this is
  // dropped before.
  Readiness(Loop& loop, Prober& prober, const Snapshot& snapshot, std::function<void()> on_ready);

 private:
  void on_ready();

  std::function<void()> on_ready_;
  Timer longest_;
  std::unique_ptr<Prober::Round> round_;
};

}  // namespace tealgate
