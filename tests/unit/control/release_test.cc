#include "control/release.h"

#include <doctest/doctest.h>

#include <random>

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

using Act = Release::Act;
using State = Release::State;

// One release and a clock of its own.
struct Deploy {
  explicit Deploy(Release::Order order = {}) : release(order, now) {}

  Act begin(const Release::Situation& situation = {}) { return release.begin(situation, now); }
  Act turn(const Release::Situation& situation = {}) { return release.on_turn(situation, now); }
  Act gate_passes() { return release.on_gate({true, false, {}}, now); }
  Act gate_refuses(bool rising = false) {
    return release.on_gate({false, rising, {ErrorCode::GateRefused, "green refused: 0 of 2 up"}},
                           now);
  }
  Act advance(Duration by) {
    now += by;
    const auto due = release.deadline();
    return due && *due <= now ? release.on_deadline(now) : Act::None;
  }
  ErrorCode code() const { return release.refusal()->code; }
  std::string message() const { return release.refusal()->message; }

  TimePoint now{};
  Release release;
};

Release::Situation held(bool ends_soon = false) {
  Release::Situation situation;
  situation.holder = "ci is switching shop to blue";
  situation.ends_soon = ends_soon;
  return situation;
}

Release::Situation already_so() {
  Release::Situation situation;
  situation.already_so = true;
  return situation;
}

Release::Situation mismatch() {
  Release::Situation situation;
  situation.mismatch = CommandError{ErrorCode::Conflict, "shop is at revision 3, not 2"};
  return situation;
}

Release::Order order_with(Duration lock_wait, std::optional<Duration> timeout = {}) {
  Release::Order order;
  order.lock_wait = lock_wait;
  order.timeout = timeout;
  return order;
}

Act random_event(Deploy& deploy, std::mt19937& random) {
  Release& release = deploy.release;
  switch (random() % 7) {
    case 0:
      return deploy.advance(std::chrono::seconds(random() % 3));
    case 1:
      return random() % 8 == 0 ? release.on_abandoned() : Act::None;
    case 2:
      return deploy.turn(random() % 2 == 0 ? held() : Release::Situation{});
    case 3:
      return random() % 2 == 0 ? deploy.gate_passes() : deploy.gate_refuses();
    case 4:
      return deploy.gate_refuses(true);
    case 5:
      release.on_superseded({true, false, "anna"});
      return release.on_drained();
    default:
      break;
  }
  if (release.state() == State::Adopting) return release.on_adopted();
  if (release.state() != State::Deciding) return Act::None;
  return random() % 4 == 0 ? release.on_store_failed({}) : release.on_stored();
}

}  // namespace

TEST_CASE("Release: gate, store, publish, adopted, announce, drained, in this order") {
  Deploy deploy;
  CHECK(deploy.begin() == Act::Probe);
  CHECK(deploy.gate_passes() == Act::Store);
  CHECK(deploy.release.on_stored() == Act::Publish);
  CHECK(deploy.release.on_adopted() == Act::Announce);
  CHECK(deploy.release.on_drained() == Act::Finish);
  CHECK(deploy.release.state() == State::Finished);
  CHECK_FALSE(deploy.release.refusal());
}

TEST_CASE("Release: what is already so ends before lock and compare") {
  Deploy deploy;
  Release::Situation situation = held();
  situation.already_so = true;
  situation.mismatch = mismatch().mismatch;
  CHECK(deploy.begin(situation) == Act::Finish);
  CHECK(deploy.release.state() == State::Finished);
  CHECK(deploy.release.is_unchanged());
}

TEST_CASE("Release: the lock is looked at before the compare") {
  Deploy deploy;
  Release::Situation situation = held();
  situation.mismatch = mismatch().mismatch;
  CHECK(deploy.begin(situation) == Act::Finish);
  CHECK(deploy.message() == "ci is switching shop to blue");
}

TEST_CASE("Release: a second one in the span is refused with the holder's name") {
  Deploy deploy;
  CHECK(deploy.begin(held()) == Act::Finish);
  CHECK(deploy.release.state() == State::Refused);
  CHECK(deploy.code() == ErrorCode::Conflict);
  CHECK(deploy.message().find("ci is switching") != std::string::npos);
}

TEST_CASE("Release: with lock_wait it waits for its turn, and begins anew then") {
  Deploy deploy(order_with(10s));
  CHECK(deploy.begin(held()) == Act::Wait);
  CHECK_FALSE(deploy.release.holds_span());
  CHECK(deploy.turn(held()) == Act::Wait);
  CHECK(deploy.turn() == Act::Probe);
  CHECK(deploy.release.holds_span());
}

TEST_CASE("Release: a compare is made after the wait, not before") {
  Deploy deploy(order_with(10s));
  CHECK(deploy.begin(held()) == Act::Wait);
  CHECK(deploy.turn(mismatch()) == Act::Finish);
  CHECK(deploy.code() == ErrorCode::Conflict);
}

TEST_CASE("Release: what became so while it waited changes nothing") {
  Deploy deploy(order_with(10s));
  CHECK(deploy.begin(held()) == Act::Wait);
  CHECK(deploy.turn(already_so()) == Act::Finish);
  CHECK(deploy.release.is_unchanged());
}

TEST_CASE("Release: lock_wait ends in a conflict that names the holder") {
  Deploy deploy(order_with(10s));
  deploy.begin(held());
  CHECK(deploy.advance(9s) == Act::None);
  CHECK(deploy.advance(1s) == Act::Finish);
  CHECK(deploy.code() == ErrorCode::Conflict);
  CHECK(deploy.message().find("ci is switching") != std::string::npos);
}

TEST_CASE("Release: a holder past decide is waited for without lock_wait") {
  Deploy deploy;
  CHECK(deploy.begin(held(true)) == Act::Wait);
  CHECK_FALSE(deploy.release.deadline());
  CHECK(deploy.turn() == Act::Probe);
}

TEST_CASE("Release: the timeout ends a wait and a gate, with what it waited for") {
  Deploy waiting(order_with(1h, 60s));
  waiting.begin(held());
  CHECK(waiting.advance(60s) == Act::Finish);
  CHECK(waiting.code() == ErrorCode::TimedOut);

  Release::Order order;
  order.timeout = 60s;
  order.healthy_within = 10min;
  Deploy gating(order);
  gating.begin();
  CHECK(gating.gate_refuses() == Act::ProbeLater);
  CHECK(gating.advance(60s) == Act::Finish);
  CHECK(gating.code() == ErrorCode::TimedOut);
  CHECK(gating.message().find("0 of 2 up") != std::string::npos);
}

TEST_CASE("Release: the timeout does not touch what is decided") {
  Deploy deploy(order_with(0s, 60s));
  deploy.begin();
  deploy.gate_passes();
  CHECK_FALSE(deploy.release.deadline());
  deploy.now += 1h;
  CHECK(deploy.release.on_deadline(deploy.now) == Act::None);
  CHECK(deploy.release.on_stored() == Act::Publish);
}

TEST_CASE("Release: a refused gate changes nothing") {
  Deploy deploy;
  deploy.begin();
  CHECK(deploy.gate_refuses() == Act::Finish);
  CHECK(deploy.release.state() == State::Refused);
  CHECK(deploy.code() == ErrorCode::GateRefused);
}

TEST_CASE("Release: a server that is rising is given the time to rise") {
  Deploy deploy;
  deploy.begin();
  CHECK(deploy.gate_refuses(true) == Act::ProbeLater);
  CHECK(deploy.gate_passes() == Act::Store);
}

TEST_CASE("Release: healthy_within waits for the gate and no longer") {
  Release::Order order;
  order.healthy_within = 2min;
  Deploy deploy(order);
  deploy.begin();
  CHECK(deploy.gate_refuses() == Act::ProbeLater);
  deploy.now += 119s;
  CHECK(deploy.gate_refuses() == Act::ProbeLater);
  deploy.now += 1s;
  CHECK(deploy.gate_refuses() == Act::Finish);
}

TEST_CASE("Release: without a gate it decides at once") {
  Deploy deploy;
  Release::Situation forced;
  forced.gated = false;
  CHECK(deploy.begin(forced) == Act::Store);
}

TEST_CASE("Release: a dry run probes, holds nothing and changes nothing") {
  Release::Order order;
  order.dry_run = true;
  Deploy deploy(order);
  CHECK(deploy.begin() == Act::Probe);
  CHECK_FALSE(deploy.release.holds_span());
  CHECK(deploy.gate_passes() == Act::Finish);
  CHECK(deploy.release.is_unchanged());
}

TEST_CASE("Release: a decision that cannot be stored is refused") {
  Deploy deploy;
  deploy.begin();
  deploy.gate_passes();
  CHECK(deploy.release.on_store_failed({ErrorCode::Internal, "disk full"}) == Act::Finish);
  CHECK(deploy.release.state() == State::Refused);
  CHECK(deploy.message() == "disk full");
}

TEST_CASE("Release: given up before decide, it ends; past decide, it runs on") {
  Deploy early;
  early.begin();
  CHECK(early.release.on_abandoned() == Act::Finish);
  CHECK(early.release.state() == State::Refused);

  Deploy late;
  late.begin();
  late.gate_passes();
  CHECK(late.release.on_abandoned() == Act::None);
  CHECK(late.release.on_stored() == Act::Publish);
}

TEST_CASE("Release: superseded it ends well, taken back it does not") {
  const auto drain = [](Deploy& deploy) {
    deploy.begin();
    deploy.gate_passes();
    deploy.release.on_stored();
    deploy.release.on_adopted();
  };
  Deploy switched;
  drain(switched);
  switched.release.on_superseded({false, false, "ci"});
  switched.release.on_superseded({true, false, "ci"});  // undoes the other, not this one
  CHECK(switched.release.on_drained() == Act::Finish);
  CHECK(switched.release.is_superseded());
  CHECK_FALSE(switched.release.refusal());

  Deploy rolled_back;
  drain(rolled_back);
  rolled_back.release.on_superseded({true, false, "anna (operation op-2)"});
  CHECK(rolled_back.release.on_drained() == Act::Finish);
  CHECK(rolled_back.code() == ErrorCode::Superseded);
  CHECK(rolled_back.message() == "it was switched, and then rolled back by anna (operation op-2)");

  Deploy taken_back;
  drain(taken_back);
  taken_back.release.on_superseded({false, false, "ci"});
  taken_back.release.on_superseded({false, true, "bob"});
  CHECK(taken_back.release.on_drained() == Act::Finish);
  CHECK(taken_back.code() == ErrorCode::Superseded);
  CHECK(taken_back.message() == "it was switched, and then taken back by bob");
}

TEST_CASE("Release: whatever happens, it stores, announces and ends at most once, in order") {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    Release::Order order;
    order.dry_run = random() % 8 == 0;
    order.healthy_within = std::chrono::seconds(random() % 5);
    order.lock_wait = std::chrono::seconds(random() % 5);
    if (random() % 2 == 0) order.timeout = std::chrono::seconds(random() % 10);
    Deploy deploy(order);
    int stored = 0, announced = 0, ended = 0;
    const auto count = [&](Act act) {
      stored += act == Act::Store ? 1 : 0;
      announced += act == Act::Announce ? 1 : 0;
      ended += act == Act::Finish ? 1 : 0;
    };
    count(deploy.begin(random() % 3 == 0 ? held(random() % 2 == 0) : Release::Situation{}));
    for (int step = 0; step < 40; ++step) {
      const bool decided = deploy.release.is_decided();
      count(random_event(deploy, random));
      if (decided && announced > 0) CHECK(deploy.release.state() != State::Refused);
      if (deploy.release.state() == State::Draining) CHECK(announced == 1);
    }
    CHECK(stored <= 1);
    CHECK(announced <= stored);
    CHECK(deploy.release.is_over() == (ended == 1));
    if (order.dry_run) CHECK(stored == 0);
    CHECK(ended <= 1);
  }
}
