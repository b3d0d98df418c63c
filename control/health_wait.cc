#include "control/health_wait.h"

#include <nlohmann/json.hpp>

namespace tealgate {
namespace {

GateProbe::Subject subject_of(const WaitCommand& command) {
  const GateNeed need = command.healthy ? GateNeed{GateNeed::Kind::Count, *command.healthy}
                                        : GateNeed{GateNeed::Kind::Percent, 100};
  return {command.service, {command.pool}, need};
}

}  // namespace

HealthWait::HealthWait(Loop& loop, Prober& prober, const Publisher& publisher,
                       const WaitCommand& command, std::shared_ptr<CommandWatcher> watcher,
                       std::function<void(HealthWait&)> on_end)
    : command_(command),
      watcher_(std::move(watcher)),
      on_end_(std::move(on_end)),
      subject_(subject_of(command)),
      probe_(loop, prober, publisher, subject_,
             [this](const GateVerdict& verdict) { on_verdict(verdict); }),
      last_{ErrorCode::TimedOut, "the checks have not ended"},
      timeout_(loop, [this] { on_timeout(); }) {}

void HealthWait::begin() {
  if (command_.timeout) timeout_.start(*command_.timeout);
  probe_.probe_now();
}

void HealthWait::stop() {
  finish(error_object({ErrorCode::Internal, "the daemon is stopping"}));
}

void HealthWait::on_verdict(const GateVerdict& verdict) {
  if (is_over_) return;
  if (verdict.passed) {
    nlohmann::ordered_json result;
    result["ok"] = true;
    result["service"] = command_.service;
    result["pool"] = command_.pool;
    result["up"] = verdict.up;
    result["of"] = verdict.of;
    return finish(result);
  }
  last_ = gate_refusal(verdict, subject_);
  probe_.probe_later();
  if (told_ == verdict.sentence) return;
  told_ = verdict.sentence;
  const auto watcher = watcher_;
  watcher->on_progress("waiting", told_, command_.operation);
}

void HealthWait::on_timeout() {
  if (is_over_) return;
  CommandError error = last_;
  error.code = ErrorCode::TimedOut;
  error.message =
      fmt::format("timed out after {}: {}", format_duration(*command_.timeout), last_.message);
  error.hint.clear();
  finish(error_object(error));
}

void HealthWait::finish(const nlohmann::ordered_json& result) {
  is_over_ = true;
  timeout_.stop();
  const auto watcher = watcher_;
  const auto end = on_end_;
  end(*this);
  watcher->on_finished(result);
}

}  // namespace tealgate
