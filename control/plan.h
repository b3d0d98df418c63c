// What a command means as things stand: where traffic goes, from where, whether it is so already,
// and why it cannot be. Pure.
//
// A plan is made anew whenever an operation looks (at its turn, and again when it decides): what it
// rests on may have changed meanwhile, for a rollback even its target.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "control/command.h"
#include "control/config.h"
#include "control/decisions.h"
#include "control/gates.h"
#include "upstream/service.h"

namespace tealgate {

struct PlanView {
  const ServiceConfig& config;
  const ServiceDecisions& decided;
  const Service& routed;  // with the health of its servers
};

struct Plan {
  bool already_so = false;
  std::string done_by;  // who undid it before, for a rollback that is already so
  std::optional<CommandError> mismatch;

  std::vector<std::string> from, to;  // words of splits; for a server: one word, its state
  std::optional<Split> split;         // of a switch or a rollback
  std::optional<ServerName> server;   // of a server's state
  AdminState state = AdminState::Ready;
  std::string undoes;  // the operation that a rollback undoes

  std::vector<std::string> gate_pools;  // empty: no gate
  GateNeed need;
};

Plan plan_switch(const SwitchCommand& command, const PlanView& view);
Plan plan_rollback(const RollbackCommand& command, const PlanView& view);
Plan plan_server_state(const ServerStateCommand& command, const PlanView& view);

// What `rollback` would do now, by the health that is known.
struct RollbackPreview {
  std::optional<Split> to;  // none: there is nothing to undo
  bool possible = false;
  std::string why;  // "2 of 2 up", "no server of blue is up", "nothing to undo"
};
RollbackPreview preview_rollback(const ServiceDecisions& decided, const Service& routed);

// The same pools with the same shares, whatever the order.
bool is_same_split(const Split& a, const Split& b);

}  // namespace tealgate
