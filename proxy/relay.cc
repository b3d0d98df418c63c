#include "proxy/relay.h"

#include "base/check.h"

namespace tealgate {

void Relay::on_answered() {
  CHECK(state_ == State::Waiting, "an answer of ours while a server is asked");
  state_ = State::Done;
}

void Relay::on_attempt() {
  CHECK(state_ == State::Waiting, "an attempt while another one runs");
  state_ = State::Asking;
  ++attempts_;
}

Relay::Act Relay::on_no_server() {
  CHECK(state_ == State::Waiting, "no server for an attempt that runs");
  // After a failed attempt the failure says more than that nobody else was there.
  return finish(failure_ == Failure::None ? Failure::NoServer : failure_);
}

Relay::Act Relay::on_attempt_failed(Failure failure, bool is_replayable, Budget budget) {
  if (is_done()) return Act::Nothing;
  if (!may_retry(failure, is_replayable, budget)) return finish(failure);
  failure_ = failure;
  state_ = State::Waiting;
  return Act::Retry;
}

void Relay::on_interim() {
  interim_passed_ = true;
}

void Relay::on_response_head() {
  CHECK(state_ == State::Asking, "a second response head");
  state_ = State::Answering;
  failure_ = Failure::None;
}

void Relay::on_response_end() {
  CHECK(state_ == State::Answering, "the end of a response without a head");
  state_ = State::Done;
}

void Relay::on_closed(Failure failure) {
  CHECK(state_ == State::Answering, "no answer that could be closed");
  finish(failure);
}

void Relay::on_client_failure(Failure failure) {
  if (!is_done() || failure_ == Failure::None) finish(failure);
}

Relay::Act Relay::on_stopped(Failure failure) {
  return is_done() ? Act::Nothing : finish(failure);
}

Relay::Act Relay::finish(Failure failure) {
  const bool head_is_out = state_ == State::Answering;
  state_ = State::Done;
  failure_ = failure;
  return head_is_out || facts_of(failure).status == 0 ? Act::Cut : Act::Reply;
}

bool Relay::may_replace_answer(bool is_replayable, Budget budget) const {
  return state_ == State::Asking && may_go_on() && rules_.may_repeat && is_replayable &&
         budget == Budget::Left;
}

void Relay::on_answer_replaced() {
  CHECK(state_ == State::Asking, "an answer is replaced that was not asked for");
  state_ = State::Waiting;
}

bool Relay::may_retry(Failure failure, bool is_replayable, Budget budget) const {
  if (state_ != State::Asking || !may_go_on()) return false;
  switch (facts_of(failure).retry) {
    case RetryRule::Never:
      return false;
    case RetryRule::AnyMethod:
      return is_replayable;
    case RetryRule::IfReplayable:
      return rules_.may_repeat && is_replayable;
    case RetryRule::IfConfigured:
      return rules_.repeats_timeouts && rules_.may_repeat && is_replayable &&
             budget == Budget::Left;
  }
  return false;
}

}  // namespace tealgate
