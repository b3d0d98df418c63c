#include "control/drain.h"

#include <doctest/doctest.h>

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

// A server being drained, and a clock.
struct Draining {
  explicit Draining(std::uint64_t in_flight, Drain::Deadlines deadlines = {30s, 5min})
      : drain(deadlines, {in_flight}, now) {}

  std::optional<CutKind> at(Duration after_begin, std::uint64_t in_flight,
                            std::uint64_t streams = 0) {
    return drain.on_counts({in_flight, streams}, now + after_begin);
  }

  TimePoint now{};
  Drain drain;
};

}  // namespace

TEST_CASE("Drain: nothing in flight is drained at once") {
  const Draining idle(0);
  CHECK(idle.drain.is_over());
  CHECK(idle.drain.report().drained);
}

TEST_CASE(
    "Drain: it ends with the last exchange, and says how many finished and how long it took") {
  Draining server(37);
  CHECK_FALSE(server.at(2s, 5));
  CHECK_FALSE(server.drain.is_over());
  CHECK_FALSE(server.at(4s, 0));
  CHECK(server.drain.is_over());
  const DrainReport report = server.drain.report();
  CHECK(report.drained);
  CHECK(report.finished == 37);
  CHECK(report.left == 0);
  CHECK(report.took == 4s);
}

TEST_CASE("Drain: streams are counted apart") {
  Draining server(3);
  server.at(1s, 3, 2);
  CHECK(server.drain.report().left == 3);
  CHECK(server.drain.report().left_streams == 2);
  server.at(2s, 0, 0);
  CHECK(server.drain.report().left_streams == 0);
}

TEST_CASE("Drain: its deadline cuts what waits, and lets what moves go on") {
  Draining server(3);
  CHECK_FALSE(server.at(29s, 3));
  CHECK(server.at(30s, 3) == CutKind::Waiting);
  CHECK_FALSE(server.at(30900ms, 3));
  server.drain.on_cut(CutKind::Waiting, 2);
  CHECK_FALSE(server.at(30900ms, 1));
  CHECK(server.drain.state() == Drain::State::Streaming);
  server.at(40s, 0);
  CHECK(server.drain.report().finished == 1);
  CHECK(server.drain.report().cut_http == 2);
  CHECK(server.drain.report().drained);
}

TEST_CASE("Drain: an upload that ends after the deadline is cut when it waits for its answer") {
  Draining server(1);
  CHECK(server.at(30s, 1) == CutKind::Waiting);
  CHECK_FALSE(server.at(35s, 1));  // the order is under way
  server.drain.on_cut(CutKind::Waiting, 0);
  CHECK(server.at(36s, 1) == CutKind::Waiting);
  server.drain.on_cut(CutKind::Waiting, 1);
  server.at(36s, 0);
  CHECK(server.drain.is_over());
  CHECK(server.drain.report().cut_http == 1);
}

TEST_CASE("Drain: the stream deadline cuts what still moves") {
  Draining server(1);
  server.at(30s, 1);
  server.drain.on_cut(CutKind::Waiting, 0);
  CHECK(server.at(299s, 1) == CutKind::Waiting);
  server.drain.on_cut(CutKind::Waiting, 0);
  CHECK(server.at(300s, 1) == CutKind::Moving);
  server.drain.on_cut(CutKind::Moving, 1);
  server.at(301s, 0);
  CHECK(server.drain.report().cut_stream == 1);
  CHECK(server.drain.report().finished == 0);
}

TEST_CASE("Drain: it does not end before it knows what was cut") {
  Draining server(2);
  CHECK(server.at(30s, 2) == CutKind::Waiting);
  CHECK_FALSE(server.at(31s, 0));
  CHECK_FALSE(server.drain.is_over());
  server.drain.on_cut(CutKind::Waiting, 2);
  CHECK(server.drain.is_over());
  CHECK(server.drain.report().finished == 0);
  CHECK(server.drain.report().cut_http == 2);
}

TEST_CASE("Drain: what survives every cut is given up and reported as left") {
  Draining server(1);
  server.at(30s, 1);
  server.at(300s, 1);
  server.at(302s, 1);
  CHECK(server.drain.is_over());
  CHECK_FALSE(server.drain.report().drained);
  CHECK(server.drain.report().left == 1);
}

TEST_CASE("Drain: disarmed, it cuts nothing any more and is not drained") {
  Draining server(4);
  server.at(10s, 3);
  server.drain.disarm(server.now + 11s);
  CHECK(server.drain.is_over());
  CHECK_FALSE(server.at(31s, 3));
  CHECK_FALSE(server.at(301s, 3));
  CHECK_FALSE(server.drain.report().drained);
  CHECK(server.drain.report().left == 3);
}

TEST_CASE("Drain: streams are closed from its beginning on, which it tells once") {
  Draining server(3, {30s, 5min, 60s});
  CHECK(server.drain.begin_closing(server.now) == 60s);
  CHECK_FALSE(server.drain.begin_closing(server.now + 1s));
}

TEST_CASE("Drain: streams are closed early enough to end before the stream deadline") {
  Draining server(3, {1s, 20s, 60s});
  CHECK(server.drain.begin_closing(server.now) == 15s);
  Draining soon(3, {1s, 2s, 60s});
  CHECK(soon.drain.begin_closing(soon.now) == 0s);
}

TEST_CASE("Drain: without a spread, streams are closed shortly before the stream deadline") {
  Draining server(3, {30s, 5min, 0s});
  CHECK_FALSE(server.drain.begin_closing(server.now));
  CHECK_FALSE(server.drain.begin_closing(server.now + 294s));
  CHECK(server.drain.begin_closing(server.now + 295s) == 0s);
}

TEST_CASE("Drain: one that is over closes nothing") {
  Draining idle(0, {30s, 5min, 60s}), disarmed(1, {30s, 5min, 60s});
  CHECK_FALSE(idle.drain.begin_closing(idle.now));
  disarmed.drain.disarm(disarmed.now);
  CHECK_FALSE(disarmed.drain.begin_closing(disarmed.now));
}

TEST_CASE("Drain: a stream deadline before the other counts as the same") {
  Draining server(1, {10s, 1s});
  CHECK_FALSE(server.at(5s, 1));
  CHECK(server.at(10s, 1) == CutKind::Waiting);
  CHECK(server.at(10s, 1) == CutKind::Moving);
}
