#include "control/release.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace tealgate {

Release::Release(const Order& order, TimePoint now) : order_(order), began_(now) {}

Release::Act Release::begin(const Situation& situation, TimePoint now) {
  CHECK(state_ == State::New, "a release begins once");
  return look(situation, now);
}

Release::Act Release::on_turn(const Situation& situation, TimePoint now) {
  if (state_ != State::Waiting) return Act::None;
  return look(situation, now);
}

Release::Act Release::look(const Situation& situation, TimePoint now) {
  if (situation.already_so) {
    unchanged_ = true;
    state_ = State::Finished;
    return Act::Finish;
  }
  if (!situation.holder.empty()) {
    holder_ = situation.holder;
    if (situation.ends_soon && !order_.dry_run) {
      wait_until_.reset();
    } else if (order_.lock_wait > Duration::zero()) {
      wait_until_ = began_ + order_.lock_wait;
    } else {
      return refuse({ErrorCode::Conflict, holder_});
    }
    state_ = State::Waiting;
    return wait_until_ && now >= *wait_until_ ? on_deadline(now) : Act::Wait;
  }
  if (situation.mismatch) return refuse(*situation.mismatch);
  if (!situation.gated) return decide_or_end();
  state_ = State::Gating;
  gating_since_ = now;
  return Act::Probe;
}

Release::Act Release::on_gate(const Gate& gate, TimePoint now) {
  if (state_ != State::Gating) return Act::None;
  if (gate.passed) return decide_or_end();
  last_gate_ = gate.refusal;
  const bool may_wait = now < gating_since_ + order_.healthy_within;
  return may_wait || gate.may_settle ? Act::ProbeLater : refuse(gate.refusal);
}

Release::Act Release::decide_or_end() {
  if (order_.dry_run) {
    unchanged_ = true;
    state_ = State::Finished;
    return Act::Finish;
  }
  state_ = State::Deciding;
  return Act::Store;
}

Release::Act Release::on_stored() {
  CHECK(state_ == State::Deciding, "only what was to be decided is stored");
  state_ = State::Adopting;
  return Act::Publish;
}

Release::Act Release::on_store_failed(CommandError error) {
  CHECK(state_ == State::Deciding, "only what was to be decided is stored");
  return refuse(std::move(error));
}

Release::Act Release::on_adopted() {
  CHECK(state_ == State::Adopting, "only a published snapshot is adopted");
  state_ = State::Draining;
  return Act::Announce;
}

Release::Act Release::on_drained() {
  if (state_ != State::Draining) return Act::None;
  state_ = State::Finished;
  return Act::Finish;
}

void Release::on_superseded(const Successor& later) {
  if (state_ != State::Draining || refusal_) return;
  const bool is_first = !std::exchange(superseded_, true);
  if (!later.brings_back && !(later.rolls_back && is_first)) return;
  refusal_ = CommandError{ErrorCode::Superseded,
                          fmt::format("it was switched, and then {} back by {}",
                                      later.rolls_back ? "rolled" : "taken", later.who)};
}

Release::Act Release::on_deadline(TimePoint now) {
  if (state_ != State::Waiting && state_ != State::Gating) return Act::None;
  if (order_.timeout && now >= began_ + *order_.timeout) {
    const std::string what = state_ == State::Waiting ? holder_
                             : last_gate_             ? last_gate_->message
                                                      : "the checks have not ended";
    return refuse({ErrorCode::TimedOut,
                   fmt::format("timed out after {}: {}", format_duration(*order_.timeout), what),
                   last_gate_ ? last_gate_->details : nullptr, last_gate_ ? last_gate_->hint : ""});
  }
  if (state_ == State::Waiting && wait_until_ && now >= *wait_until_) {
    return refuse({ErrorCode::Conflict,
                   fmt::format("{}; waited {}", holder_, format_duration(order_.lock_wait))});
  }
  return Act::None;
}

Release::Act Release::on_abandoned() {
  if (is_decided() || is_over()) return Act::None;
  return refuse({ErrorCode::Internal, "given up: the caller left before it was decided"});
}

Release::Act Release::on_stop() {
  if (state_ == State::Draining) return on_drained();
  if (is_decided() || is_over()) return Act::None;
  return refuse({ErrorCode::Internal, "the daemon is stopping"});
}

std::optional<TimePoint> Release::deadline() const {
  if (state_ != State::Waiting && state_ != State::Gating) return std::nullopt;
  std::optional<TimePoint> due;
  if (order_.timeout) due = began_ + *order_.timeout;
  if (state_ == State::Waiting && wait_until_)
    due = due ? std::min(*due, *wait_until_) : wait_until_;
  return due;
}

bool Release::holds_span() const {
  if (order_.dry_run) return false;
  return state_ == State::Gating || state_ == State::Deciding || state_ == State::Adopting;
}

bool Release::is_decided() const {
  return state_ == State::Deciding || state_ == State::Adopting || state_ == State::Draining ||
         (state_ == State::Finished && !unchanged_);
}

Release::Act Release::refuse(CommandError error) {
  refusal_ = std::move(error);
  state_ = State::Refused;
  return Act::Finish;
}

}  // namespace tealgate
