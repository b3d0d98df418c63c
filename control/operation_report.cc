// How an operation ends, and what it says of itself: its answer, its lines in the history, its
// place in status.
#include <nlohmann/json.hpp>

#include "base/loop.h"
#include "control/journal.h"
#include "control/operation.h"
#include "control/operations.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t in_ms(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace

std::string_view to_string(OperationKind kind) {
  switch (kind) {
    case OperationKind::Switch:
      return "switch";
    case OperationKind::Rollback:
      return "rollback";
    case OperationKind::Server:
      return "server";
  }
  return "";
}

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::Waiting:
      return "waiting";
    case Phase::Gating:
      return "gating";
    case Phase::Deciding:
      return "deciding";
    case Phase::Adopting:
      return "adopting";
    case Phase::Draining:
      return "draining";
    case Phase::Finished:
      return "finished";
    case Phase::Refused:
      return "refused";
  }
  return "";
}

Json drain_object(const DrainReport& drain) {
  Json object;
  object["drained"] = drain.drained;
  object["finished"] = drain.finished;
  object["left"] = drain.left;
  object["left_streams"] = drain.left_streams;
  object["cut"] = {{"http", drain.cut_http}, {"stream", drain.cut_stream}};
  object["took_ms"] = in_ms(drain.took);
  object["deadline_ms"] = in_ms(drain.deadline);
  return object;
}

Json operation_object(const OperationSummary& operation) {
  Json object;
  object["id"] = operation.id;
  object["kind"] = to_string(operation.kind);
  object["service"] = operation.service;
  object["phase"] = to_string(operation.phase);
  object["by"] = operation.by;
  object["reason"] = operation.reason;
  object["label"] = operation.label;
  object["from"] = operation.from;
  object["to"] = operation.to;
  object["revision"] = operation.revision;
  object["began_at"] = format_wall_time(operation.began_at);
  object["drain"] = operation.drain ? drain_object(*operation.drain) : Json(nullptr);
  object["superseded"] = operation.superseded;
  object["result"] = operation.result ? *operation.result : Json(nullptr);
  return object;
}

void Operation::finish() {
  place_.turns.forget(order_.service, *this);
  place_.loop.destroy_later(std::move(gate_));
  const bool is_refused = release_.state() == Release::State::Refused;
  if (release_.is_unchanged() || (is_refused && order_.release.dry_run)) return finish_unchanged();
  const auto told = release_.refusal() ? error_object(*release_.refusal())
                    : is_cut_short()
                        ? error_object(interrupted(order_.service, revision_, "stopped"))
                        : result(Audience::Asked::ToChange);
  // Made now: the journal outlives the operation, and at its own end writes the lines that wait.
  place_.journal.add({.change = {},
                      .line = [line = finished_line()](const Decisions&) { return line; },
                      .done =
                          [this, told](const Result<void, CommandError>& recorded) {
                            if (!recorded) place_.log(recorded.error().message);
                            end_with(told);
                          }});
}

// Nothing to record. Whoever asked for what another operation is making waits for that one.
void Operation::finish_unchanged() {
  Operation* maker = plan_.already_so ? place_.operations.maker_of(order_.service, plan_) : nullptr;
  if (maker != nullptr) {
    for (Audience::Member& member : audience_.take_all()) {
      member.asked = Audience::Asked::WhatWasSo;
      maker->add_watcher(std::move(member));
    }
  }
  took_ = place_.loop.now() - called_;
  end_with(release_.refusal() ? error_object(*release_.refusal())
                              : result(Audience::Asked::WhatWasSo));
}

void Operation::end_with(const nlohmann::ordered_json& told) {
  const auto kept = std::make_shared<const nlohmann::ordered_json>(told);
  result_ = kept;
  gated_.clear();
  for (const Audience::Member& member : audience_.take_all()) answer(member, *kept);
  place_.operations.on_end();
}

std::uint64_t Operation::current_revision() const {
  const ServiceDecisions* decided = place_.journal.decisions().find(order_.service);
  return decided == nullptr ? 0 : decided->revision;
}

OperationSummary Operation::summary() const {
  OperationSummary summary;
  summary.id = order_.id;
  summary.kind = order_.kind;
  summary.service = order_.service;
  summary.phase = phase();
  summary.by = order_.caller.by;
  summary.reason = order_.reason;
  summary.label = order_.label;
  summary.from = plan_.from;
  summary.to = plan_.to;
  if (plan_.server) {
    summary.to.insert(summary.to.begin(), plan_.server->pool + "/" + plan_.server->server);
  }
  summary.revision = revision_;
  summary.began_at = began_at_;
  if (drains_) summary.drain = drains_->report();
  summary.superseded = release_.is_superseded();
  summary.result = result_;
  return summary;
}

// It ended before its drain did, because the daemon stops.
bool Operation::is_cut_short() const {
  return release_.is_over() && drains_ && !drains_->is_over();
}

Phase Operation::phase() const {
  switch (release_.state()) {
    case Release::State::New:
    case Release::State::Waiting:
      return Phase::Waiting;
    case Release::State::Gating:
      return Phase::Gating;
    case Release::State::Deciding:
      return Phase::Deciding;
    case Release::State::Adopting:
      return Phase::Adopting;
    case Release::State::Draining:
      return Phase::Draining;
    case Release::State::Finished:
      return Phase::Finished;
    case Release::State::Refused:
      return Phase::Refused;
  }
  return Phase::Finished;
}

Json Operation::result(Audience::Asked asked) const {
  Json answer;
  answer["ok"] = true;
  answer["changed"] = asked == Audience::Asked::ToChange && !release_.is_unchanged();
  answer["service"] = order_.service;
  if (plan_.server) {
    answer["pool"] = plan_.server->pool;
    answer["server"] = plan_.server->server;
    answer["state"] = to_string(plan_.state);
  } else {
    answer["from"] = plan_.from;
    answer["to"] = plan_.to;
  }
  answer["revision"] = revision_ != 0 ? revision_ : current_revision();
  answer["operation"] = order_.id;
  if (announced_) answer["switched_at"] = format_wall_time(switched_at_);
  answer["took_ms"] = in_ms(took_);
  answer["forced"] = order_.forced;
  answer["gate"] = gate_sentence_;
  const bool is_drain_over = drains_ && (drains_->is_over() || release_.is_over());
  answer["drain"] = is_drain_over ? drain_object(drains_->report()) : Json(nullptr);
  answer["superseded"] = release_.is_superseded();
  if (order_.release.dry_run) answer["dry_run"] = true;
  if (!plan_.undoes.empty()) answer["undid"] = plan_.undoes;
  if (!plan_.done_by.empty()) answer["by"] = plan_.done_by;
  answer["verdict"] = "done";
  return answer;
}

Json Operation::line(std::string_view event) const {
  Json line;
  line["at"] = format_wall_time(WallClock::now());
  line["event"] = event;
  line["service"] = order_.service;
  line["operation"] = order_.id;
  line["kind"] = to_string(order_.kind);
  if (plan_.server) {
    line["pool"] = plan_.server->pool;
    line["server"] = plan_.server->server;
  }
  line["from"] = plan_.from;
  line["to"] = plan_.to;
  line["by"] = order_.caller.by;
  if (order_.caller.uid) line["uid"] = *order_.caller.uid;
  if (order_.caller.gid) line["gid"] = *order_.caller.gid;
  if (order_.caller.pid) line["pid"] = *order_.caller.pid;
  line["reason"] = order_.reason;
  line["label"] = order_.label;
  line["asked"] = order_.aim;
  line["began_at"] = format_wall_time(began_at_);
  return line;
}

Json Operation::decided_line(const Decisions& next) const {
  Json line = this->line("decided");
  line["revision"] = next.find(order_.service)->revision;
  line["forced"] = order_.forced;
  line["gate"] = gate_sentence_;
  if (!plan_.undoes.empty()) line["undoes"] = plan_.undoes;
  return line;
}

Json Operation::finished_line() const {
  if (release_.state() == Release::State::Refused) {
    Json line = this->line("refused");
    line["revision"] = current_revision();
    line["error"] = error_object(*release_.refusal())["error"];
    return line;
  }
  Json line = this->line("finished");
  line["revision"] = revision_;
  line["switched_at"] = format_wall_time(switched_at_);
  line["took_ms"] = in_ms(took_);
  line["drain"] = drains_ ? drain_object(drains_->report()) : Json(nullptr);
  line["superseded"] = release_.is_superseded();
  line["verdict"] = release_.refusal() ? "rolled_back" : is_cut_short() ? "interrupted" : "done";
  if (release_.refusal()) line["error"] = error_object(*release_.refusal())["error"];
  return line;
}

}  // namespace tealgate
