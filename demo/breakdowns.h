// Breakdowns that happen by themselves: now and then one server fails its health checks for a
// while. The other one of its pool goes on, so that no request is lost.
//
// What a person breaks or mends by `tealgate demo break|mend` is left alone. Lives on the demo's
// own loop.
#pragma once

#include <functional>
#include <string_view>

#include "base/loop.h"
#include "base/timer.h"
#include "demo/app_server.h"

namespace tealgate::demo {

class Breakdowns {
 public:
  // Which server is next; null: none.
  using Choose = std::function<AppServer*()>;

  Breakdowns(Loop& loop, Duration every, Choose choose);

  void begin() { timer_.start(every_); }
  // A person cares for `pool` now.
  void leave_alone(std::string_view pool);

 private:
  void on_timer();

  const Duration every_;
  const Choose choose_;
  AppServer* broken_ = nullptr;
  Timer timer_;
};

}  // namespace tealgate::demo
