#include "base/log.h"

#include <doctest/doctest.h>

using namespace tealgate;

TEST_CASE("Log: a line has time, level and message") {
  CHECK(format_log_line(WallTime(), LogLevel::Warning, "port 80: in use") ==
        "1970-01-01T00:00:00.000Z warning port 80: in use\n");
}

TEST_CASE("Log: a message stays one line without control characters") {
  CHECK(format_log_line(WallTime(), LogLevel::Info, "a\nb\tc\x1b[31m\x7f") ==
        "1970-01-01T00:00:00.000Z info a\\nb\\tc\\x1b[31m\\x7f\n");
}

TEST_CASE("Log: a line has at most 4096 bytes") {
  std::string line = format_log_line(WallTime(), LogLevel::Error, std::string(9000, 'x'));
  CHECK(line.size() == 4096);
  CHECK(line.ends_with("x...\n"));
}
