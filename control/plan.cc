#include "control/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace tealgate {
namespace {

CommandError refusal(ErrorCode code, std::string message, std::string hint = "") {
  return {code, std::move(message), nullptr, std::move(hint)};
}

const PoolConfig* find_pool(const ServiceConfig& config, std::string_view name) {
  for (const PoolConfig& pool : config.pools) {
    if (pool.name == name) return &pool;
  }
  return nullptr;
}

std::optional<CommandError> unknown_pool(const ServiceConfig& config, const std::string& name) {
  if (find_pool(config, name) != nullptr) return std::nullopt;
  return unknown_name(config.name + " has no pool", name, config.pool_names());
}

std::vector<std::string> active_pools(const Split& split) {
  std::vector<std::string> names;
  for (const Split::Entry& entry : split.entries) names.push_back(entry.pool);
  return names;
}

// Forced or not, traffic never goes to a pool without a single address.
std::optional<CommandError> unfit_target(const ServiceConfig& config, const Split& target) {
  for (const Split::Entry& entry : target.entries) {
    const PoolConfig* pool = find_pool(config, entry.pool);
    if (pool == nullptr) {
      return refusal(ErrorCode::GateRefused,
                     fmt::format("{} is no longer a pool of {}", entry.pool, config.name));
    }
    if (pool->servers.empty()) {
      return refusal(ErrorCode::GateRefused,
                     fmt::format("{} refused: it has not a single address", entry.pool));
    }
  }
  return std::nullopt;
}

std::optional<CommandError> compare(const SwitchCommand& command, const PlanView& view) {
  if (command.if_revision && *command.if_revision != view.decided.revision) {
    return refusal(ErrorCode::Conflict,
                   fmt::format("{} is at revision {}, not {}", view.config.name,
                               view.decided.revision, *command.if_revision));
  }
  if (!command.if_active) return std::nullopt;
  const auto active = active_pools(view.decided.split);
  const std::set<std::string> wanted(command.if_active->begin(), command.if_active->end());
  if (wanted == std::set<std::string>(active.begin(), active.end())) return std::nullopt;
  return refusal(ErrorCode::Conflict,
                 fmt::format("{} is served by {}, not by {}", view.config.name,
                             fmt::join(active, " "), fmt::join(*command.if_active, " ")));
}

void aim_at(Plan& plan, const PlanView& view, const Split& target) {
  plan.from = view.decided.split.words();
  plan.to = target.words();
  plan.split = target;
  if (!plan.mismatch) plan.mismatch = unfit_target(view.config, target);
}

std::optional<CommandError> unknown_names(const SwitchCommand& command,
                                          const ServiceConfig& config) {
  std::vector<std::string> names = command.if_active.value_or(std::vector<std::string>{});
  for (const std::string& word : command.to) {
    if (word != "all") names.push_back(word.substr(0, word.find('=')));
  }
  for (const std::string& name : names) {
    if (name.empty()) continue;
    if (auto unknown = unknown_pool(config, name)) return unknown;
  }
  return std::nullopt;
}

Plan plan_undo(const RollbackCommand& command, const PlanView& view) {
  Plan plan;
  const auto& last = view.decided.last_switch;
  const std::string& service = view.config.name;
  if (!last) {
    plan.mismatch = refusal(ErrorCode::Conflict, fmt::format("{} has no switch to undo", service));
    return plan;
  }
  if (command.undo && last->operation != *command.undo) {
    plan.mismatch = refusal(
        ErrorCode::Conflict,
        fmt::format("operation {} did not make {}'s current split", *command.undo, service));
    return plan;
  }
  if (last->undone) {
    plan.already_so = true;
    plan.done_by = last->undone_by;
    plan.from = plan.to = view.decided.split.words();
    return plan;
  }
  plan.undoes = last->operation;
  aim_at(plan, view, last->from);
  return plan;
}

Plan plan_return(const RollbackCommand& command, const PlanView& view) {
  Plan plan;
  const RevisionRecord* record = view.decided.find_past(*command.to_revision);
  if (record == nullptr) {
    plan.mismatch = refusal(ErrorCode::Unknown,
                            fmt::format("{} remembers no revision {}; it remembers {} to {}",
                                        view.config.name, *command.to_revision,
                                        view.decided.past.front().revision, view.decided.revision));
    return plan;
  }
  if (command.undo && view.decided.decided.operation != *command.undo) {
    plan.mismatch =
        refusal(ErrorCode::Conflict, fmt::format("operation {} did not make {}'s current split",
                                                 *command.undo, view.config.name));
  }
  aim_at(plan, view, record->split);
  plan.already_so = is_same_split(record->split, view.decided.split);
  return plan;
}

// Its leaving would leave the service without a server that may take requests.
bool is_last_serving(const ServerStateCommand& command, const Service& routed) {
  bool serves = false;
  for (const Pool& pool : routed.pools) {
    if (!routed.split.is_active(pool.name)) continue;
    for (const Server& server : pool.servers) {
      if (!server.is_eligible()) continue;
      if (pool.name != command.pool || server.name != command.server) return false;
      serves = true;
    }
  }
  return serves;
}

}  // namespace

Plan plan_switch(const SwitchCommand& command, const PlanView& view) {
  Plan plan;
  if (auto unknown = unknown_names(command, view.config)) {
    plan.mismatch = std::move(unknown);
    return plan;
  }
  auto target = parse_split(command.to, view.config.pool_names());
  if (!target) {
    plan.mismatch = refusal(ErrorCode::Usage, target.error().message);
    return plan;
  }
  aim_at(plan, view, *target);
  if (is_same_split(*target, view.decided.split)) {
    plan.already_so = true;
    return plan;
  }
  if (auto differs = compare(command, view)) plan.mismatch = std::move(differs);
  if (!command.force) plan.gate_pools = active_pools(*target);
  plan.need = {GateNeed::Kind::Percent,
               command.require_healthy_percent.value_or(
                   view.config.settings.switching.require_healthy_percent)};
  return plan;
}

Plan plan_rollback(const RollbackCommand& command, const PlanView& view) {
  Plan plan = command.to_revision ? plan_return(command, view) : plan_undo(command, view);
  if (plan.split && !command.force) plan.gate_pools = active_pools(*plan.split);
  plan.need = {GateNeed::Kind::Count, 1};
  return plan;
}

Plan plan_server_state(const ServerStateCommand& command, const PlanView& view) {
  Plan plan;
  const PoolConfig* pool = find_pool(view.config, command.pool);
  if (pool == nullptr) {
    plan.mismatch = unknown_pool(view.config, command.pool);
    return plan;
  }
  if (std::none_of(pool->servers.begin(), pool->servers.end(),
                   [&](const ServerConfig& s) { return s.name == command.server; })) {
    std::vector<std::string> names;
    for (const ServerConfig& server : pool->servers) names.push_back(server.name);
    plan.mismatch =
        refusal(ErrorCode::Unknown,
                fmt::format("{} of {} has no server {}; its servers are {}", command.pool,
                            view.config.name, command.server, fmt::join(names, ", ")));
    return plan;
  }
  const AdminState before = view.decided.admin_state(command.pool, command.server);
  plan.from = {std::string(to_string(before))};
  plan.to = {std::string(to_string(command.state))};
  plan.server = ServerName{command.pool, command.server};
  plan.state = command.state;
  plan.already_so = before == command.state;
  if (command.state != AdminState::Ready && !command.force &&
      is_last_serving(command, view.routed)) {
    plan.mismatch = refusal(
        ErrorCode::GateRefused,
        fmt::format("{} is the last server that serves {}; switch to another pool, or use --force",
                    command.server, view.config.name));
  }
  return plan;
}

RollbackPreview preview_rollback(const ServiceDecisions& decided, const Service& routed) {
  RollbackPreview preview;
  if (!decided.last_switch || decided.last_switch->undone) {
    preview.why = "nothing to undo";
    return preview;
  }
  preview.to = decided.last_switch->from;
  preview.possible = true;
  std::size_t up = 0;
  std::size_t of = 0;
  for (const Split::Entry& entry : preview.to->entries) {
    const Pool* pool = routed.find_pool(entry.pool);
    const std::size_t servers = pool == nullptr ? 0 : pool->servers.size();
    const auto fit = pool == nullptr
                         ? 0
                         : std::count_if(pool->servers.begin(), pool->servers.end(),
                                         [](const Server& s) { return s.is_eligible(); });
    up += static_cast<std::size_t>(fit);
    of += servers;
    if (fit > 0 || !preview.possible) continue;
    preview.possible = false;
    preview.why = pool == nullptr ? fmt::format("{} is no longer a pool", entry.pool)
                                  : fmt::format("no server of {} is up", entry.pool);
  }
  if (preview.possible) preview.why = fmt::format("{} of {} up", up, of);
  return preview;
}

bool is_same_split(const Split& a, const Split& b) {
  const auto sorted = [](Split split) {
    std::sort(split.entries.begin(), split.entries.end(),
              [](const auto& x, const auto& y) { return x.pool < y.pool; });
    return split;
  };
  return sorted(a) == sorted(b);
}

}  // namespace tealgate
