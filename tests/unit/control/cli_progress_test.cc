#include "control/cli/progress.h"

#include <doctest/doctest.h>

#include <sstream>

#include "control/cli/printable.h"

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

TEST_CASE("Printable: what would drive a terminal, or turn the text around, is a blank") {
  const auto shown = [](std::string_view text) { return printable(std::string(text)); };
  CHECK(shown("a\nb\x1b[2Jc\x7f") == "a b [2Jc ");
  CHECK(shown("a\xc2\x9b"
              "2Jb") == "a 2Jb");
  for (const char* mark : {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b",
                           "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}) {
    CAPTURE(std::string(mark));
    CHECK(shown("v1" + std::string(mark) + "0.2") == "v1 0.2");
  }
  for (const char* text : {"grün", "→ …", "\u200d\u2010\u2027\u202f", "\u2065\u206a", "\u061b",
                           "\xe2", "\xe2\x80", "\xd8", "日本"}) {
    CHECK(shown(text) == text);
  }
}
