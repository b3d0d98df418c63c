#include "base/even_clock.h"

#include <doctest/doctest.h>

using namespace tealgate;
using namespace std::chrono_literals;

TEST_CASE("EvenClock: goes on as time does, whatever the system's clock is set to") {
  const WallTime noon(1709208131123ms);
  const TimePoint begin(5s);
  const EvenClock clock(noon, begin);
  CHECK(clock.at(begin) == noon);
  CHECK(clock.at(begin + 90s) == noon + 90s);
}

TEST_CASE("EvenClock: a time is told by the clock on the wall, also after that was set") {
  const WallTime noon(1709208131123ms);
  const TimePoint begin(5s);
  const EvenClock clock(noon, begin);
  const WallTime deadline = noon + 30min;
  CHECK(clock.told(deadline, noon + 10s, begin + 10s) == deadline);
  CHECK(clock.told(deadline, noon + 10s + 300ms, begin + 10s) == deadline);
  CHECK(clock.told(deadline, noon + 1h + 10s, begin + 10s) == deadline + 1h);
  CHECK(clock.told(deadline, noon - 1h + 10s, begin + 10s) == deadline - 1h);
}
