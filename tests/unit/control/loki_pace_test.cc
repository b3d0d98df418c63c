#include "control/loki_pace.h"

#include <doctest/doctest.h>

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

using enum LokiPace::Outcome;
using News = LokiPace::News;
const TimePoint kStart = TimePoint(1h);

// A pause after `failures` in a row, the last of them with that Retry-After.
Duration pause_after(unsigned failures, double chance, Duration retry_after = 0s) {
  LokiPace pace;
  for (unsigned i = 1; i < failures; ++i) pace.on_failed(kStart, 0s, 0);
  pace.on_failed(kStart, retry_after, chance);
  return pace.due(1, kStart - 1h) - kStart;
}

}  // namespace

TEST_CASE("LokiPace: what an answer means") {
  for (const int status : {200, 204}) CHECK(LokiPace::outcome_of(status) == Accepted);
  for (const int status : {0, 429, 500, 503, 599}) CHECK(LokiPace::outcome_of(status) == Failed);
  for (const int status : {302, 400, 401, 404, 413, 499}) {
    CHECK(LokiPace::outcome_of(status) == Refused);
  }
}

TEST_CASE("LokiPace: a batch goes when it is full or a second old") {
  const LokiPace pace;
  CHECK(pace.due(1, kStart) == kStart + 1s);
  CHECK(pace.due(LokiPace::kBatchBytes - 1, kStart) == kStart + 1s);
  CHECK(pace.due(LokiPace::kBatchBytes, kStart) == kStart);
}

TEST_CASE("LokiPace: pauses double up to the longest, half of each by chance") {
  CHECK(pause_after(1, 0) == 250ms);
  CHECK(pause_after(1, 0.5) == 375ms);
  CHECK(pause_after(2, 0) == 500ms);
  CHECK(pause_after(3, 0) == 1s);
  CHECK(pause_after(6, 0) == 8s);
  CHECK(pause_after(7, 0) == 15s);
  CHECK(pause_after(1000, 0) == 15s);
  CHECK(pause_after(1000, 0.5) == 22500ms);
}

TEST_CASE(
    "LokiPace: a Retry-After is obeyed, within bounds, and a full batch does not overrule it") {
  CHECK(pause_after(1, 0, 7s) == 7s);
  CHECK(pause_after(7, 0, 7s) == 15s);
  CHECK(pause_after(1, 0, 24h) == LokiPace::kLongestRetryAfter);
  LokiPace pace;
  pace.on_failed(kStart, 7s, 0);
  CHECK(pace.due(LokiPace::kBatchBytes, kStart) == kStart + 7s);
}

TEST_CASE("LokiPace: an answer for good ends the pauses, and so do other settings") {
  LokiPace pace;
  for (int i = 0; i < 5; ++i) pace.on_failed(kStart, 0s, 0);
  SUBCASE("accepted") {
    pace.on_accepted();
  }
  SUBCASE("refused") {
    pace.on_refused();
  }
  SUBCASE("changed") {
    pace.on_changed();
  }
  CHECK_FALSE(pace.is_pausing());
  CHECK(pace.due(1, kStart) == kStart + 1s);
  pace.on_failed(kStart, 0s, 0);
  CHECK(pace.due(1, kStart) == kStart + 250ms);
}

TEST_CASE("LokiPace: trouble is told when it begins, changes and ends") {
  LokiPace pace;
  CHECK(pace.news(Accepted, 0, kStart) == News::None);
  CHECK(pace.news(Failed, 0, kStart) == News::Fails);
  CHECK(pace.news(Failed, 0, kStart + 2min) == News::None);
  CHECK(pace.news(Refused, 0, kStart + 2min) == News::Refuses);
  CHECK(pace.news(Refused, 0, kStart + 5min) == News::None);
  CHECK(pace.news(Accepted, 0, kStart + 6min) == News::Works);
  CHECK(pace.news(Accepted, 0, kStart + 6min) == News::None);
}

TEST_CASE("LokiPace: trouble that comes and goes is told once a minute") {
  LokiPace pace;
  CHECK(pace.news(Failed, 0, kStart) == News::Fails);
  CHECK(pace.news(Accepted, 0, kStart + 1s) == News::Works);
  for (int second = 2; second < 60; second += 2) {
    CHECK(pace.news(Failed, 0, kStart + second * 1s) == News::None);
    CHECK(pace.news(Accepted, 0, kStart + second * 1s + 1s) == News::None);
  }
  CHECK(pace.news(Failed, 0, kStart + 60s) == News::Fails);
}

TEST_CASE("LokiPace: lines that are dropped although Loki takes some are told once a minute") {
  LokiPace pace;
  CHECK(pace.news(Accepted, 0, kStart) == News::None);
  CHECK(pace.news(Accepted, 7, kStart + 1s) == News::Lags);
  CHECK(pace.news(Accepted, 7, kStart + 60s) == News::None);
  CHECK(pace.news(Accepted, 7, kStart + 61s) == News::Lags);
  CHECK(pace.news(Accepted, 0, kStart + 122s) == News::None);
  CHECK(pace.news(Failed, 9, kStart + 122s) == News::Fails);
  CHECK(pace.news(Accepted, 9, kStart + 123s) == News::Works);
}
