#include "proxy/relay.h"

#include <doctest/doctest.h>

using namespace tealgate;
using Act = Relay::Act;

namespace {

Relay get(unsigned attempts = 3) {
  return Relay({.attempts = attempts, .may_repeat = true});
}
Relay post(unsigned attempts = 3) {
  return Relay({.attempts = attempts, .may_repeat = false});
}

constexpr bool kReplayable = true;
constexpr bool kBodyGone = false;

}  // namespace

TEST_CASE("Relay: a request, an answer, the end") {
  Relay relay = get();
  relay.on_attempt();
  relay.on_response_head();
  CHECK(relay.is_answering());
  relay.on_response_end();
  CHECK(relay.is_done());
  CHECK(relay.failure() == Failure::None);
  CHECK(relay.attempts() == 1);
}

TEST_CASE("Relay: what the proxy answers itself is done, well, without an attempt") {
  Relay relay = get();
  relay.on_answered();
  CHECK(relay.is_done());
  CHECK(relay.failure() == Failure::None);
  CHECK(relay.attempts() == 0);
  CHECK(relay.on_stopped(Failure::DrainCut) == Act::Nothing);
}

TEST_CASE(
    "Relay: an answer that is closed properly is done, and what breaks then changes nothing") {
  Relay relay = get();
  relay.on_attempt();
  relay.on_response_head();
  relay.on_closed(Failure::DrainClose);
  CHECK(relay.is_done());
  relay.on_client_failure(Failure::ClientAbort);
  CHECK(relay.on_attempt_failed(Failure::BodyCut, kReplayable) == Act::Nothing);
  CHECK(relay.failure() == Failure::DrainClose);
}

TEST_CASE("Relay: a refused connect is tried on another server, whatever the method") {
  Relay relay = post();
  relay.on_attempt();
  CHECK(relay.on_attempt_failed(Failure::ConnectRefused, kReplayable) == Act::Retry);
  relay.on_attempt();
  relay.on_response_head();
  relay.on_response_end();
  CHECK(relay.failure() == Failure::None);
  CHECK(relay.attempts() == 2);
}

TEST_CASE(
    "Relay: a connection that closed before the first byte is tried again for GET, not POST") {
  for (const Failure failure : {Failure::ClosedWhenReused, Failure::ClosedEarly}) {
    Relay idempotent = get();
    idempotent.on_attempt();
    CHECK(idempotent.on_attempt_failed(failure, kReplayable) == Act::Retry);
    Relay unsafe = post();
    unsafe.on_attempt();
    CHECK(unsafe.on_attempt_failed(failure, kReplayable) == Act::Reply);
    CHECK(unsafe.failure() == failure);
  }
}

TEST_CASE("Relay: a body that is no longer at hand ends retries") {
  Relay relay = get();
  relay.on_attempt();
  CHECK(relay.on_attempt_failed(Failure::ClosedWhenReused, kBodyGone) == Act::Reply);
}

TEST_CASE("Relay: attempts are bounded, and the last failure is the answer") {
  Relay relay = get(2);
  relay.on_attempt();
  CHECK(relay.on_attempt_failed(Failure::ConnectRefused, kReplayable) == Act::Retry);
  relay.on_attempt();
  CHECK(relay.on_attempt_failed(Failure::ConnectTimeout, kReplayable) == Act::Reply);
  CHECK(relay.failure() == Failure::ConnectTimeout);
}

TEST_CASE("Relay: nobody left after a failure answers with that failure") {
  Relay relay = get();
  relay.on_attempt();
  CHECK(relay.on_attempt_failed(Failure::ConnectRefused, kReplayable) == Act::Retry);
  CHECK(relay.on_no_server() == Act::Reply);
  CHECK(relay.failure() == Failure::ConnectRefused);
}

TEST_CASE("Relay: nobody to ask at all is 503") {
  Relay relay = get();
  CHECK(relay.on_no_server() == Act::Reply);
  CHECK(relay.failure() == Failure::NoServer);
}

TEST_CASE("Relay: after the head went out there is neither a retry nor an error page") {
  Relay relay = get();
  relay.on_attempt();
  relay.on_response_head();
  CHECK(relay.on_attempt_failed(Failure::BodyCut, kReplayable) == Act::Cut);
  CHECK(relay.failure() == Failure::BodyCut);
  CHECK(relay.on_attempt_failed(Failure::BodyCut, kReplayable) == Act::Nothing);
}

TEST_CASE("Relay: a 1xx that was passed on ends retries, but not the error page") {
  Relay relay = get();
  relay.on_attempt();
  relay.on_interim();
  CHECK(relay.on_attempt_failed(Failure::ClosedEarly, kReplayable) == Act::Reply);
}

TEST_CASE("Relay: a malformed answer is never asked for again") {
  Relay relay = get();
  relay.on_attempt();
  CHECK(relay.on_attempt_failed(Failure::BadResponse, kReplayable) == Act::Reply);
}

TEST_CASE("Relay: a client that left ends it in every state, and later events do nothing") {
  Relay waiting = get();
  waiting.on_client_failure(Failure::ClientAbort);
  CHECK(waiting.is_done());
  Relay asking = get();
  asking.on_attempt();
  asking.on_client_failure(Failure::ClientAbort);
  CHECK(asking.on_attempt_failed(Failure::ClosedEarly, kReplayable) == Act::Nothing);
  CHECK(asking.failure() == Failure::ClientAbort);
}

TEST_CASE("Relay: a drain's deadline answers what waits and cuts what moves, without a retry") {
  Relay waiting = get();
  waiting.on_attempt();
  CHECK(waiting.on_stopped(Failure::DrainCut) == Act::Reply);
  Relay moving = get();
  moving.on_attempt();
  moving.on_response_head();
  CHECK(moving.on_stopped(Failure::DrainCut) == Act::Cut);
  CHECK(moving.on_stopped(Failure::DrainCut) == Act::Nothing);
}

TEST_CASE("Relay: a client that leaves before it took the whole answer ended it") {
  Relay relay = get();
  relay.on_attempt();
  relay.on_response_head();
  relay.on_response_end();
  relay.on_client_failure(Failure::ClientAbort);
  CHECK(relay.failure() == Failure::ClientAbort);
  // What was wrong before stays what was wrong.
  Relay refused = get();
  refused.on_no_server();
  refused.on_client_failure(Failure::ClientAbort);
  CHECK(refused.failure() == Failure::NoServer);
}

TEST_CASE(
    "Relay: a late answer is asked for again only if the operator wants it and the budget allows") {
  const auto after_timeout = [](Relay::Rules rules, bool is_replayable, Relay::Budget budget) {
    Relay relay(rules);
    relay.on_attempt();
    return relay.on_attempt_failed(Failure::ResponseTimeout, is_replayable, budget);
  };
  using enum Relay::Budget;
  constexpr Relay::Rules kWanted{.attempts = 3, .may_repeat = true, .repeats_timeouts = true};
  CHECK(after_timeout(kWanted, kReplayable, Left) == Act::Retry);
  CHECK(after_timeout(kWanted, kReplayable, Spent) == Act::Reply);
  CHECK(after_timeout(kWanted, kBodyGone, Left) == Act::Reply);
  CHECK(after_timeout({.attempts = 3, .may_repeat = true}, kReplayable, Left) == Act::Reply);
  CHECK(after_timeout({.attempts = 3, .repeats_timeouts = true}, kReplayable, Left) == Act::Reply);
}

TEST_CASE("Relay: the budget bounds no retry that costs a server nothing") {
  Relay relay = get();
  relay.on_attempt();
  CHECK(relay.on_attempt_failed(Failure::ConnectRefused, kReplayable, Relay::Budget::Spent) ==
        Act::Retry);
}

TEST_CASE("Relay: an answer may be replaced by another server's before anything was passed on") {
  using enum Relay::Budget;
  Relay relay = get(2);
  relay.on_attempt();
  CHECK(relay.may_replace_answer(kReplayable, Left));
  CHECK_FALSE(relay.may_replace_answer(kReplayable, Spent));
  CHECK_FALSE(relay.may_replace_answer(kBodyGone, Left));
  relay.on_answer_replaced();
  relay.on_attempt();
  CHECK_FALSE(relay.may_replace_answer(kReplayable, Left));  // its last attempt
  relay.on_response_head();
  CHECK(relay.attempts() == 2);

  Relay unsafe = post();
  unsafe.on_attempt();
  CHECK_FALSE(unsafe.may_replace_answer(kReplayable, Left));
  Relay told = get();
  told.on_attempt();
  told.on_interim();
  CHECK_FALSE(told.may_replace_answer(kReplayable, Left));
}
