#include "control/cli/progress.h"

#include <doctest/doctest.h>

#include <sstream>

using namespace tealgate;
using namespace tealgate::cli;

namespace {

// What stands on a stderr that is no terminal.
std::string told(std::initializer_list<const char*> lines) {
  std::ostringstream out, err;
  Console console{.out = out, .err = err, .now = {}};
  Progress progress(console, Progress::Show::All);
  for (const char* line : lines) progress.on_line(line);
  return err.str();
}

}  // namespace

TEST_CASE("Progress: off a terminal a line is told when something but a duration changed") {
  CHECK(told({R"({"progress":"gate","message":"1 of 2 up; b down 9.3 s: GET /"})",
              R"({"progress":"gate","message":"1 of 2 up; b down 9.8 s: GET /"})",
              R"({"progress":"gate","message":"1 of 2 up; b down 1 min 2 s: GET /"})"}) ==
        "gate: 1 of 2 up; b down 9.3 s: GET /\n");
  CHECK(told({R"({"progress":"gate","message":"1 of 2 up"})",
              R"({"progress":"gate","message":"2 of 2 up"})"}) ==
        "gate: 1 of 2 up\ngate: 2 of 2 up\n");
  CHECK(told({R"({"progress":"draining","message":"3 in flight"})",
              R"({"progress":"draining","message":"2 in flight"})"}) ==
        "draining: 3 in flight\ndraining: 2 in flight\n");
}

TEST_CASE("Progress: a heartbeat says what still goes on") {
  CHECK(told({R"({"progress":"gate","message":"1 of 2 up"})",
              R"({"progress":"heartbeat","message":"1 of 2 up"})"}) ==
        "gate: 1 of 2 up\nstill gate: 1 of 2 up\n");
}

TEST_CASE("Progress: what others said does not drive the terminal") {
  CHECK(told({R"({"progress":"waiting","message":"locked by a\u001b[2J\nb"})"}) ==
        "waiting: locked by a [2J b\n");
}
