// `wait`: asks for fresh checks of a pool until enough of its servers are up, or the time is over.
//
// Owned by the control loop, on its thread.
#pragma once

#include <functional>
#include <memory>

#include "base/timer.h"
#include "control/command.h"
#include "control/gate_probe.h"

namespace tealgate {

class HealthWait {
 public:
  // `on_end` comes once, after the watcher was told; it may have the HealthWait destroyed later.
  HealthWait(Loop& loop, Prober& prober, const Publisher& publisher, const WaitCommand& command,
             std::shared_ptr<CommandWatcher> watcher, std::function<void(HealthWait&)> on_end);

  void begin();
  void stop();
  const CommandWatcher& watcher() const { return *watcher_; }

 private:
  void on_verdict(const GateVerdict& verdict);
  void on_timeout();
  void finish(const nlohmann::ordered_json& result);

  WaitCommand command_;
  std::shared_ptr<CommandWatcher> watcher_;
  std::function<void(HealthWait&)> on_end_;
  GateProbe::Subject subject_;
  GateProbe probe_;
  CommandError last_;
  std::string told_;
  bool is_over_ = false;
  Timer timeout_;
};

}  // namespace tealgate
