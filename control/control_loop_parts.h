// What the control loop owns, in the order in which it is made. Only for control_loop*.cc; main
// thread.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "control/control_loop.h"
#include "control/health_wait.h"
#include "control/history.h"
#include "control/journal.h"
#include "control/lock_desk.h"
#include "control/operations.h"
#include "control/publisher.h"
#include "control/readiness.h"
#include "control/reload.h"
#include "control/state_store.h"
#include "control/tls_upkeep.h"

namespace tealgate {

struct ControlLoop::Parts {
  Parts(const Wiring& parts_of, LoadedConfig loaded);

  Result<Plan, CommandError> plan(const OperationOrder& order) const;
  void run(OperationOrder order, Until until, const Watcher& watcher);
  bool attach_known(const OperationOrder& order, Until until, const Watcher& watcher);
  std::optional<nlohmann::ordered_json> find_past(std::string_view id,
                                                  std::string_view service) const;
  void end_wait(HealthWait& wait);
  // Tells the watcher if nothing can be decided.
  bool may_decide(const Watcher& watcher) const;
  // What every command about a service needs; tells the watcher if it is not so.
  bool may_begin(const ServiceCommand& command, const Watcher& watcher) const;

  Wiring wiring;
  LoadedConfig config;
  FileStateStore store;
  History history;
  Journal journal;
  Publisher publisher;
  Turns turns;
  Operations operations;
  std::function<void(std::string_view)> log;
  Workplace place;
  LockDesk locks;
  Reload reload;
  TlsUpkeep tls_upkeep;
  std::list<std::unique_ptr<HealthWait>> waits;
  std::unique_ptr<Readiness> readiness;
  bool decides = false;  // false: another daemon still has the state
  bool stopping = false;
  std::string held;  // why nothing is decided; empty: it is
};

}  // namespace tealgate
