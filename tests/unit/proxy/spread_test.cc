#include "proxy/spread.h"

#include <doctest/doctest.h>

#include <vector>

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kBegin{};

// When each of `count` was done, if one asks as often as told to.
std::vector<Duration> times(Spread spread, std::size_t count) {
  std::vector<Duration> done;
  for (TimePoint now = kBegin; done.size() < count; now += spread.pause(now)) {
    const std::size_t due = spread.due(count - done.size(), now);
    done.insert(done.end(), due, now - kBegin);
  }
  return done;
}

}  // namespace

TEST_CASE("Spread: the first at once, the others evenly, the last before the end") {
  CHECK(times(Spread(kBegin, 60s), 1) == std::vector<Duration>{0s});
  CHECK(times(Spread(kBegin, 60s), 3) == std::vector<Duration>{0s, 20s, 40s});
}

TEST_CASE("Spread: over no time, all at once") {
  CHECK(times(Spread(kBegin, 0s), 3) == std::vector<Duration>{0s, 0s, 0s});
}

TEST_CASE("Spread: thousands go in small groups, a tenth of a second apart") {
  const std::vector<Duration> done = times(Spread(kBegin, 60s), 60'000);
  std::size_t largest = 0, group = 0;
  for (std::size_t i = 0; i < done.size(); ++i) {
    group = i > 0 && done[i] == done[i - 1] ? group + 1 : 1;
    largest = std::max(largest, group);
  }
  CHECK(largest <= 101);
  CHECK(done[30'000] >= 29s);
  CHECK(done[30'000] <= 31s);
  CHECK(done.back() < 60s);
}

TEST_CASE("Spread: a phase moves it within its first pause") {
  const std::vector<Duration> done = times(Spread(kBegin, 60s, 0.5), 2);
  CHECK(done == std::vector<Duration>{15s, 37500ms});
}

TEST_CASE("Spread: what comes later has its turn, after the end at once") {
  Spread spread(kBegin, 60s);
  CHECK(spread.due(0, kBegin) == 0);
  CHECK(spread.pause(kBegin) == Spread::kLongestPause);
  CHECK(spread.due(1, kBegin + 5s) == 1);
  CHECK(spread.due(2, kBegin + 6s) == 0);
  CHECK(spread.due(2, kBegin + 60s) == 2);
  CHECK(spread.due(1, kBegin + 70s) == 1);
}
