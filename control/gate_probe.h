// Asks for fresh checks of some pools, round after round, and says how a gate stands after each.
//
// Control loop's thread; owned by the operation (or wait) that needs the gate. Dropping it ends the
// matter.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/timer.h"
#include "control/command.h"
#include "control/gates.h"

namespace tealgate {

class Loop;
class Publisher;

class GateProbe {
 public:
  struct Subject {
    std::string service;
    std::vector<std::string> pools;
    GateNeed need;
  };
  // May destroy the GateProbe.
  using OnVerdict = std::function<void(const GateVerdict&)>;

  // Only checks begun from now on count.
  GateProbe(Loop& loop, Prober& prober, const Publisher& publisher, Subject subject,
            OnVerdict on_verdict);

  void probe_now();
  void probe_later();  // after HealthPolicy::kFastInterval

 private:
  void on_checked();

  Loop& loop_;
  Prober& prober_;
  const Publisher& publisher_;
  Subject subject_;
  OnVerdict on_verdict_;
  TimePoint called_at_;
  std::unique_ptr<Prober::Round> round_;
  Timer pause_;
};

// The refusal that a failed gate is answered with.
CommandError gate_refusal(const GateVerdict& verdict, const GateProbe::Subject& subject);

}  // namespace tealgate
