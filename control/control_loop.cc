#include "control/control_loop.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/even_clock.h"
#include "base/loop.h"
#include "control/control_loop_parts.h"
#include "control/past_operation.h"

namespace tealgate {

namespace {

nlohmann::ordered_json failed(ErrorCode code, std::string message) {
  return error_object({code, std::move(message)});
}

// What the three kinds of operations have in common.
OperationOrder order_for(OperationKind kind, const ServiceCommand& command, const Caller& caller) {
  OperationOrder order;
  order.id = command.operation;
  order.kind = kind;
  order.service = command.service;
  order.caller = caller;
  order.reason = command.reason;
  order.lock = command.lock;
  return order;
}

}  // namespace

ControlLoop::Parts::Parts(const Wiring& parts_of, LoadedConfig loaded)
    : wiring(parts_of),
      config(std::move(loaded)),
      store(wiring.state_folder),
      history(wiring.state_folder),
      journal(wiring.loop, store, history),
      publisher(wiring.loop, wiring.cell, wiring.data_plane.workers()),
      turns(wiring.loop),
      operations(wiring.loop),
      log(wiring.log ? wiring.log : [](std::string_view) {}),
      place{wiring.loop, wiring.data_plane, wiring.prober, journal, publisher,
            turns,       operations,        config,        log},
      locks(place),
      reload(
          {wiring.loop, wiring.data_plane, wiring.prober, journal, publisher, operations, config},
          {wiring.load_config, wiring.prepare_sockets, wiring.on_reload_begun,
           wiring.on_reload_ended}),
      tls_upkeep({wiring.loop, wiring.data_plane, wiring.prober, journal, publisher, config,
                  [this] { return !reload.describe().empty(); }}) {
  publisher.set_listener(wiring.on_published);
  journal.set_listener(wiring.on_recorded);
}

ControlLoop::ControlLoop(const Wiring& wiring, LoadedConfig config)
    : parts_(std::make_unique<Parts>(wiring, std::move(config))) {}

ControlLoop::~ControlLoop() = default;

Result<void, CommandError> ControlLoop::open() {
  auto opened = parts_->journal.open(parts_->config.config, even_now());
  if (!opened) return tl::make_unexpected(opened.error());
  for (std::string& warning : warn_of_initial(parts_->config.config, parts_->journal.decisions())) {
    opened->warnings.push_back(std::move(warning));
  }
  for (const std::string& warning : opened->warnings) {
    parts_->log(warning);
    parts_->config.warnings.push_back(warning);
  }
  const auto new_servers =
      opened->had_state ? Publisher::NewServers::OnProbation : Publisher::NewServers::Unknown;
  parts_->publisher.publish(parts_->config.config, parts_->journal.decisions(), new_servers);
  parts_->decides = true;
  return {};
}

void ControlLoop::start(std::function<void()> on_ready) {
  const auto snapshot = parts_->publisher.current();
  CHECK(snapshot != nullptr, "open() comes before start()");
  parts_->wiring.prober.sync(snapshot);
  parts_->locks.start();
  parts_->readiness = std::make_unique<Readiness>(parts_->wiring.loop, parts_->wiring.prober,
                                                  *snapshot, [this, on_ready] {
                                                    on_ready();
                                                    if (parts_->decides) parts_->tls_upkeep.start();
                                                  });
}

void ControlLoop::stop(std::function<void()> on_stopped) {
  parts_->stopping = true;
  parts_->readiness.reset();
  parts_->tls_upkeep.stop();
  parts_->reload.stop();
  parts_->locks.stop();
  while (!parts_->waits.empty()) parts_->waits.front()->stop();
  parts_->operations.stop([on_stopped, &journal = parts_->journal] {
    // Behind what was to be recorded of all this.
    journal.add({.change = {}, .line = {}, .done = [on_stopped](const auto&) {
                   if (on_stopped) on_stopped();
                 }});
  });
}

bool ControlLoop::Parts::may_decide(const Watcher& watcher) const {
  if (stopping) {
    watcher->on_finished(failed(ErrorCode::Internal, "the daemon is stopping"));
  } else if (!held.empty()) {
    watcher->on_finished(failed(ErrorCode::Conflict, held));
  }
  return !stopping && held.empty();
}

bool ControlLoop::Parts::may_begin(const ServiceCommand& command, const Watcher& watcher) const {
  if (!may_decide(watcher)) return false;
  if (config.config.find_service(command.service) != nullptr) return true;
  std::vector<std::string> names;
  for (const ServiceConfig& service : config.config.services) names.push_back(service.name);
  watcher->on_finished(error_object(unknown_name("there is no service", command.service, names)));
  return false;
}

// The same id twice in one service is one operation, whether it is known by its object or by the
// history. What other services have is nothing that the caller might learn of. False: no operation
// of the service has had this id.
bool ControlLoop::Parts::attach_known(const OperationOrder& order, Until until,
                                      const Watcher& watcher) {
  if (order.id.empty()) return false;
  Operation* known = operations.find(order.id, order.service);
  const auto past = known == nullptr ? find_past(order.id, order.service) : std::nullopt;
  if (known == nullptr && !past) return false;
  const std::string aim = known != nullptr ? known->aim() : past->value("asked", order.aim);
  if (aim != order.aim) {
    watcher->on_finished(
        failed(ErrorCode::Conflict,
               fmt::format("operation {} is another one: {} of {}", order.id, aim, order.service)));
  } else if (known != nullptr) {
    known->add_watcher({watcher, until, Audience::Asked::ToChange});
  } else {
    watcher->on_finished(past_result(*past));
  }
  return true;
}

std::optional<nlohmann::ordered_json> ControlLoop::Parts::find_past(
    std::string_view id, std::string_view service) const {
  return past_operation(history.newest(service, History::kRemembered), id);
}

void ControlLoop::Parts::run(OperationOrder order, Until until, const Watcher& watcher) {
  if (attach_known(order, until, watcher)) return;
  if (order.id.empty()) order.id = new_operation_id();
  const ServiceConfig* service = config.config.find_service(order.service);
  const auto snapshot = publisher.current();
  const Plan plan = order.plan(
      {*service, *journal.decisions().find(order.service), *snapshot->find_service(order.service)});
  if (plan.mismatch &&
      (plan.mismatch->code == ErrorCode::Unknown || plan.mismatch->code == ErrorCode::Usage)) {
    return watcher->on_finished(error_object(*plan.mismatch));
  }
  Operation& operation = operations.add(std::make_unique<Operation>(place, std::move(order)));
  operation.add_watcher({watcher, until, Audience::Asked::ToChange});
  operation.begin();
}

void ControlLoop::run_switch(const SwitchCommand& command, const Caller& caller, Watcher watcher) {
  if (!parts_->may_begin(command, watcher)) return;
  OperationOrder order = order_for(OperationKind::Switch, command, caller);
  order.aim = fmt::format("{} to {}", command.dry_run ? "a dry run of a switch" : "a switch",
                          fmt::join(command.to, " "));
  order.label = command.label;
  order.forced = command.force;
  order.release = {command.dry_run, command.healthy_within, command.lock_wait, command.timeout};
  order.drain = command.drain;
  order.plan = [command](const PlanView& view) { return plan_switch(command, view); };
  parts_->run(std::move(order), command.until, watcher);
}

void ControlLoop::run_rollback(const RollbackCommand& command, const Caller& caller,
                               Watcher watcher) {
  if (!parts_->may_begin(command, watcher)) return;
  OperationOrder order = order_for(OperationKind::Rollback, command, caller);
  order.aim = command.dry_run ? "a dry run of a rollback" : "a rollback";
  if (command.to_revision) order.aim += fmt::format(" to revision {}", *command.to_revision);
  if (command.undo) order.aim += fmt::format(" of operation {}", *command.undo);
  order.ignores_locks = true;
  order.forced = command.force;
  order.release = {command.dry_run, Duration::zero(), Duration::zero(), command.timeout};
  order.drain = command.drain;
  order.plan = [command](const PlanView& view) { return plan_rollback(command, view); };
  parts_->run(std::move(order), command.until, watcher);
}

void ControlLoop::set_server_state(const ServerStateCommand& command, const Caller& caller,
                                   Watcher watcher) {
  if (!parts_->may_begin(command, watcher)) return;
  OperationOrder order = order_for(OperationKind::Server, command, caller);
  order.aim =
      fmt::format("setting {}/{} to {}", command.pool, command.server, to_string(command.state));
  order.forced = command.force;
  order.release = {false, Duration::zero(), command.lock_wait, std::nullopt};
  order.drain = command.drain;
  order.plan = [command](const PlanView& view) { return plan_server_state(command, view); };
  parts_->run(std::move(order), command.until, watcher);
}

void ControlLoop::wait(const WaitCommand& command, const Caller&, Watcher watcher) {
  if (!parts_->may_begin(command, watcher)) return;
  const auto snapshot = parts_->publisher.current();
  const Pool* pool = snapshot->find_service(command.service)->find_pool(command.pool);
  if (pool == nullptr) {
    const ServiceConfig* service = parts_->config.config.find_service(command.service);
    return watcher->on_finished(error_object(
        unknown_name(command.service + " has no pool", command.pool, service->pool_names())));
  }
  if (command.healthy && *command.healthy > pool->servers.size()) {
    return watcher->on_finished(
        failed(ErrorCode::Usage, fmt::format("{} has {} servers, fewer than {}", command.pool,
                                             pool->servers.size(), *command.healthy)));
  }
  parts_->waits.push_back(std::make_unique<HealthWait>(
      parts_->wiring.loop, parts_->wiring.prober, parts_->publisher, command, std::move(watcher),
      [parts = parts_.get()](HealthWait& one) { parts->end_wait(one); }));
  parts_->waits.back()->begin();
}

void ControlLoop::Parts::end_wait(HealthWait& wait) {
  const auto found =
      std::find_if(waits.begin(), waits.end(), [&](const auto& one) { return one.get() == &wait; });
  if (found == waits.end()) return;
  wiring.loop.destroy_later(std::move(*found));
  waits.erase(found);
}

void ControlLoop::lock(const LockCommand& command, const Caller& caller, Watcher watcher) {
  if (parts_->may_begin(command, watcher)) parts_->locks.lock(command, caller, std::move(watcher));
}

void ControlLoop::unlock(const UnlockCommand& command, const Caller& caller, Watcher watcher) {
  if (!parts_->may_begin(command, watcher)) return;
  parts_->locks.unlock(command, caller, std::move(watcher));
}

void ControlLoop::reload(const Caller& caller, Watcher watcher) {
  if (parts_->may_decide(watcher)) parts_->reload.run(caller, std::move(watcher));
}

void ControlLoop::upgrade(const UpgradeCommand& command, const Caller& caller, Watcher watcher) {
  if (!parts_->may_decide(watcher)) return;
  if (parts_->wiring.upgrade) return parts_->wiring.upgrade(command, caller, std::move(watcher));
  watcher->on_finished(failed(ErrorCode::Conflict, "this daemon cannot be replaced"));
}

void ControlLoop::record(nlohmann::ordered_json line) {
  parts_->journal.add({.change = {},
                       .line = [line = std::move(line)](const Decisions&) { return line; },
                       .done = {}});
}

void ControlLoop::attach(std::string_view operation, Watcher watcher, std::string_view service) {
  if (Operation* known = parts_->operations.find(operation, service)) {
    return known->add_watcher({std::move(watcher), Until::Done, Audience::Asked::ToChange});
  }
  const auto past = parts_->find_past(operation, service);
  watcher->on_finished(
      past ? past_result(*past)
           : failed(ErrorCode::Unknown, fmt::format("there is no operation {}", operation)));
}

void ControlLoop::detach(const CommandWatcher& watcher) {
  parts_->operations.detach(watcher);
  parts_->locks.detach(watcher);
  parts_->reload.detach(watcher);
  for (const auto& wait : parts_->waits) {
    if (&wait->watcher() == &watcher) return parts_->end_wait(*wait);
  }
}

}  // namespace tealgate
