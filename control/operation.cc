#include "control/operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/loop.h"
#include "control/journal.h"
#include "control/lock_desk.h"
#include "control/operations.h"
#include "control/publisher.h"

namespace tealgate {
namespace {

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

}  // namespace

Operation::Operation(const Workplace& place, OperationOrder order)
    : place_(place),
      order_(std::move(order)),
      release_(order_.release, place.loop.now()),
      called_(place.loop.now()),
      began_at_(WallClock::now()),
      deadline_(place.loop, [this] { perform(release_.on_deadline(place_.loop.now())); }) {}

Operation::~Operation() {
  place_.turns.forget(order_.service, *this);
}

void Operation::begin() {
  perform(release_.begin(look(), place_.loop.now()));
}

void Operation::add_watcher(Audience::Member member) {
  if (is_over()) return answer(member, *result_);
  if (announced_ && member.until == Until::Switched) return answer(member, result(member.asked));
  audience_.add(std::move(member), order_.id);
}

void Operation::remove_watcher(const CommandWatcher& watcher) {
  if (audience_.remove(watcher) && audience_.is_empty()) perform(release_.on_abandoned());
}

void Operation::on_published_by(const Successor& successor, const Snapshot& snapshot) {
  const bool brings_back = drains_ && drains_->disarm_routed(snapshot);
  const bool replaces_split =
      order_.kind != OperationKind::Server && successor.kind != OperationKind::Server;
  if (!replaces_split && !brings_back) return;
  const bool rolls_back = replaces_split && successor.kind == OperationKind::Rollback;
  release_.on_superseded(
      {rolls_back, brings_back, fmt::format("{} (operation {})", successor.by, successor.id)});
}

void Operation::on_config_published(const Snapshot& snapshot) {
  if (drains_) drains_->disarm_routed(snapshot);
}

void Operation::stop() {
  stopping_ = true;
  perform(release_.on_stop());
}

bool Operation::made(const Plan& plan) const {
  if (!release_.is_decided() || release_.is_superseded() || is_over()) return false;
  if (plan.split) return plan_.split && is_same_split(*plan.split, *plan_.split);
  return plan.server && plan_.server == plan.server && plan_.state == plan.state;
}

void Operation::on_turn() {
  perform(release_.on_turn(look(), place_.loop.now()));
}

bool Operation::ends_soon() const {
  return release_.is_decided();
}

std::string Operation::describe() const {
  const std::string what =
      plan_.server ? fmt::format("setting {}/{} to {}", order_.service, plan_.server->server,
                                 joined(plan_.to))
                   : fmt::format("switching {} to {}", order_.service, joined(plan_.to));
  return fmt::format("{} is {} (operation {})", order_.caller.by, what, order_.id);
}

Release::Situation Operation::look() {
  plan_ = make_plan(place_.journal.decisions());
  Release::Situation situation;
  situation.already_so = plan_.already_so;
  situation.mismatch = plan_.mismatch;
  situation.gated = !plan_.gate_pools.empty();
  const TurnTaker* holder = place_.turns.holder(order_.service);
  if (holder != nullptr && holder != this) {
    situation.holder = holder->describe();
    situation.ends_soon = order_.kind == OperationKind::Rollback && holder->ends_soon();
  } else if (!order_.ignores_locks) {
    situation.holder = locked_by(place_.journal.decisions(), order_.service, order_.lock);
  }
  waits_for_ = situation.holder;
  return situation;
}

Plan Operation::make_plan(const Decisions& decisions) const {
  const ServiceConfig* config = place_.config.config.find_service(order_.service);
  const ServiceDecisions* decided = decisions.find(order_.service);
  const auto snapshot = place_.publisher.current();
  const Service* routed = snapshot->find_service(order_.service);
  if (config != nullptr && decided != nullptr && routed != nullptr) {
    return order_.plan({*config, *decided, *routed});
  }
  Plan plan;
  plan.mismatch = CommandError{ErrorCode::Unknown,
                               fmt::format("there is no service {} any more", order_.service)};
  return plan;
}

// May be called again from inside what it does; everything after an act but the last statement sees
// the newer state.
void Operation::perform(Release::Act act) {
  settle_turn();
  switch (act) {
    case Release::Act::None:
      return;
    case Release::Act::Wait:
      place_.turns.wait(order_.service, *this);
      poke_at_expiry(place_.turns, place_.journal.decisions(), order_.service);
      return tell("waiting", waits_for_);
    case Release::Act::Probe:
      return probe();
    case Release::Act::ProbeLater:
      return gate_->probe_later();
    case Release::Act::Store:
      return store();
    case Release::Act::Publish:
      return publish();
    case Release::Act::Announce:
      return announce();
    case Release::Act::Finish:
      return finish();
  }
}

// Takes or gives back the service's turn, and arms the deadline, as the release's state wants it.
void Operation::settle_turn() {
  if (release_.holds_span()) {
    place_.turns.take(order_.service, *this);
  } else {
    place_.turns.release(order_.service, *this);
  }
  if (const auto due = release_.deadline()) {
    deadline_.start(std::max(Duration::zero(), *due - place_.loop.now()));
  } else {
    deadline_.stop();
  }
}

void Operation::probe() {
  gate_ =
      std::make_unique<GateProbe>(place_.loop, place_.prober, place_.publisher,
                                  GateProbe::Subject{order_.service, plan_.gate_pools, plan_.need},
                                  [this](const GateVerdict& verdict) { on_verdict(verdict); });
  tell("gate", fmt::format("checking {}", joined(plan_.gate_pools)));
  if (gate_) gate_->probe_now();
}

void Operation::on_verdict(const GateVerdict& verdict) {
  gate_sentence_ = verdict.sentence;
  gated_ = gate_servers();
  Release::Gate gate{verdict.passed, verdict.may_settle, {}};
  if (!verdict.passed) {
    gate.refusal = gate_refusal(verdict, {order_.service, plan_.gate_pools, plan_.need});
  }
  perform(release_.on_gate(gate, place_.loop.now()));
  if (!is_over()) tell("gate", verdict.sentence);
}

// A server whose address changes gets another state (Publisher).
std::vector<std::shared_ptr<ServerState>> Operation::gate_servers() const {
  std::vector<std::shared_ptr<ServerState>> servers;
  const auto snapshot = place_.publisher.current();
  const Service* service = snapshot->find_service(order_.service);
  if (service == nullptr) return servers;
  for (const std::string& name : plan_.gate_pools) {
    const Pool* pool = service->find_pool(name);
    if (pool == nullptr) continue;
    for (const Server& server : pool->servers) servers.push_back(server.state);
  }
  return servers;
}

void Operation::store() {
  place_.loop.destroy_later(std::move(gate_));
  place_.journal.add({.change = [this](const Decisions& decisions) { return change(decisions); },
                      .line = [this](const Decisions& next) { return decided_line(next); },
                      .done =
                          [this](const Result<void, CommandError>& stored) {
                            perform(stored ? release_.on_stored()
                                           : release_.on_store_failed(stored.error()));
                          }});
}

Result<Decisions, CommandError> Operation::change(const Decisions& decisions) {
  // A reload since the gate may have taken pools away, or changed what was gated.
  const Plan plan = make_plan(decisions);
  if (plan.mismatch) return tl::make_unexpected(*plan.mismatch);
  if (plan.gate_pools != plan_.gate_pools || gate_servers() != gated_) {
    return tl::make_unexpected(
        CommandError{ErrorCode::Conflict,
                     fmt::format("a reload changed the servers of {} after they were checked; "
                                 "nothing was switched, ask again",
                                 joined(plan_.to))});
  }
  const Decided decided{order_.id, order_.caller.by, order_.reason, order_.label, WallClock::now()};
  const auto next =
      plan.server
          ? apply(decisions, ServerChange{order_.service, *plan.server, plan.state, decided})
          : apply(decisions, SplitChange{order_.service, *plan.split, decided, plan.undoes});
  if (!next) {
    return tl::make_unexpected(CommandError{ErrorCode::Internal, next.error().message});
  }
  plan_ = plan;
  return *next;
}

void Operation::publish() {
  revision_ = place_.journal.decisions().find(order_.service)->revision;
  tell("decided",
       fmt::format("revision {}: {} → {}", revision_, joined(plan_.from), joined(plan_.to)));
  const auto before = place_.publisher.current();
  const auto after = place_.publisher.publish(place_.config.config, place_.journal.decisions());
  generation_ = after->generation;
  const Service* old_service = before->find_service(order_.service);
  const Service* new_service = after->find_service(order_.service);
  if (old_service != nullptr && new_service != nullptr) {
    left_out_ = servers_left_out(*old_service, *new_service);
    if (plan_.server && plan_.state != AdminState::Ready) {
      left_out_ = servers_named(*new_service, *plan_.server);
    }
  }
  place_.prober.sync(after);
  place_.operations.on_published(order_.service, {order_.kind, order_.caller.by, order_.id},
                                 *after);
  place_.publisher.when_adopted(generation_, [this] { perform(release_.on_adopted()); });
  tell("published", "every worker takes it over");
}

void Operation::announce() {
  announced_ = true;
  switched_at_ = WallClock::now();
  took_ = place_.loop.now() - called_;
  tell("announced",
       plan_.server ? fmt::format("{} is {}{}", plan_.server->server,
                                  plan_.state == AdminState::Ready ? "" : "in ", joined(plan_.to))
                    : fmt::format("{} serves {}", joined(plan_.to), order_.service));
  for (const Audience::Member& member : audience_.take_content()) {
    answer(member, result(member.asked));
  }
  begin_drain(std::exchange(left_out_, {}));
}

void Operation::begin_drain(std::vector<ServerDrains::Target> targets) {
  if (targets.empty()) return perform(release_.on_drained());
  const ServiceConfig* config = place_.config.config.find_service(order_.service);
  const SwitchSettings settings = config != nullptr ? config->settings.switching : SwitchSettings{};
  const Drain::Deadlines deadlines{order_.drain.value_or(settings.drain), settings.stream_drain,
                                   settings.stream_spread};
  drains_ = std::make_unique<ServerDrains>(
      place_.loop, place_.data_plane, std::move(targets), deadlines, generation_,
      ServerDrains::Listener{.on_change = [this] { tell_left(); },
                             .on_over = [this] { perform(release_.on_drained()); }});
  if (!drains_->is_over()) tell_left();
  if (stopping_) perform(release_.on_stop());
}

void Operation::tell_left() {
  constexpr Duration kPause = std::chrono::seconds(1);
  if (told_left_at_ && place_.loop.now() < *told_left_at_ + kPause) return;
  told_left_at_ = place_.loop.now();
  const DrainReport report = drains_->report();
  const std::string streams =
      report.left_streams > 0 ? fmt::format(", {} of them streams", report.left_streams) : "";
  tell("draining", fmt::format("{} in flight{}", report.left, streams));
}

void Operation::tell(std::string_view word, std::string message) {
  audience_.tell(word, std::move(message), order_.id);
}

}  // namespace tealgate
