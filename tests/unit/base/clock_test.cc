#include "base/clock.h"

#include <doctest/doctest.h>

using namespace tealgate;
using namespace std::chrono_literals;

TEST_CASE("Clock: a wall time is RFC 3339 in UTC with milliseconds") {
  CHECK(format_wall_time(WallTime(0s)) == "1970-01-01T00:00:00.000Z");
  CHECK(format_wall_time(WallTime(1709208131123ms)) == "2024-02-29T12:02:11.123Z");
  CHECK(format_wall_time(WallTime(1709208131123ms + 999us)) == "2024-02-29T12:02:11.123Z");
}

TEST_CASE("Clock: a duration is told in the two largest units that matter") {
  CHECK(format_duration(0s) == "0 ms");
  CHECK(format_duration(400us) == "<1 ms");
  CHECK(format_duration(850ms) == "850 ms");
  CHECK(format_duration(999900us) == "999 ms");
  CHECK(format_duration(4210ms) == "4.2 s");
  CHECK(format_duration(30s) == "30 s");
  CHECK(format_duration(59960ms) == "1 min");
  CHECK(format_duration(200s) == "3 min 20 s");
  CHECK(format_duration(5min) == "5 min");
  CHECK(format_duration(2h + 5min + 59s) == "2 h 5 min");
  CHECK(format_duration(76h) == "3 d 4 h");
  CHECK(format_duration(-30s) == "-30 s");
}
