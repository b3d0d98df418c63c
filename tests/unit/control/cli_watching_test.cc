#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <sstream>

#include "control/cli/fitted_text.h"
#include "control/cli/output.h"
#include "control/cli/results.h"
#include "control/cli/watching.h"

using namespace tealgate;
using namespace tealgate::cli;
using json = nlohmann::ordered_json;

namespace {

// A command that follows `shop`, and what it says.
struct Follower {
  Arguments arguments;
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err, false, false, 80, WallTime{}};
  Watched watched{arguments, "/x.sock", "", console};
  Interruptions interruptions{watched};

  Follower() { arguments.service = "shop"; }
  bool says(const std::string& part) const { return err.str().find(part) != std::string::npos; }
};

Answer refused(int status, const char* code, int exit) {
  const json said = own_error(code, exit, "the daemon's words", "");
  return {Answer::Outcome::Answered, status, said.dump(), ""};
}

Answer lost() {
  return {Answer::Outcome::Lost, 0, "", "/x.sock: reset"};
}

LiveModel model_with(const json& services) {
  LiveModel model;
  model.apply({"snapshot", "", json{{"status", {{"services", services}}}}.dump()});
  return model;
}

}  // namespace

TEST_CASE("Watching: before the first snapshot every trouble ends the command") {
  CHECK(Follower().interruptions.on_trouble(lost()) == 14);
  Follower it;
  CHECK(it.interruptions.on_trouble(refused(503, "busy", 1)) == 1);
  CHECK(it.says("the daemon's words"));
}

TEST_CASE("Watching: afterwards a refusal ends it with the daemon's words") {
  for (const auto& [status, code, exit] :
       {std::tuple{400, "usage", 2}, {404, "unknown", 2}, {403, "forbidden", 8}}) {
    CAPTURE(code);
    Follower it;
    it.interruptions.on_snapshot();
    CHECK(it.interruptions.on_trouble(refused(status, code, exit)) == exit);
    CHECK(it.err.str() == "tealgate: the daemon's words\n");
  }
}

TEST_CASE("Watching: what may pass is told once, with its reason, and so is its end") {
  for (const Answer& answer : {lost(), refused(503, "busy", 1), refused(429, "busy", 1),
                               Answer{Answer::Outcome::NotPermitted, 0, "", "/x.sock: reset"}}) {
    Follower it;
    it.interruptions.on_snapshot();
    CHECK_FALSE(it.interruptions.on_trouble(answer).has_value());
    const std::string said = it.err.str();
    CHECK(it.says("trying again: " + reason_of(answer) + "\n"));
    CHECK_FALSE(it.interruptions.on_trouble(lost()).has_value());
    CHECK(it.err.str() == said);
    CHECK(it.interruptions.on_snapshot());
    CHECK(it.says("connected again"));
  }
  CHECK(reason_of(refused(503, "busy", 1)) == "the daemon's words");
  CHECK(reason_of({Answer::Outcome::Answered, 502, "<html>", ""}) == "the daemon answers 502");
}

TEST_CASE("Watching: a service that a reload took away is told and is exit 2") {
  Follower it;
  CHECK_FALSE(exit_if_gone(it.watched, model_with({{"shop", {{"name", "shop"}}}})).has_value());
  CHECK(exit_if_gone(it.watched, model_with({{"api", json::object()}})) == 2);
  CHECK(it.says("there is no service \"shop\" any more"));
  it.arguments.service = "";
  CHECK_FALSE(exit_if_gone(it.watched, model_with(json::object())).has_value());
}

TEST_CASE("Watching: without an answer a question is exit 3, and what may be read later 14") {
  const Answer silent{Answer::Outcome::Unanswered, 0, "", "/x.sock: nothing has come for 40 s"};
  const json question = error_of(silent, {"GET", "/v1/status", "", ""});
  CHECK(question["error"]["exit"] == 3);
  const json order = error_of(silent, {"POST", "/v1/reload", "", "op-1"});
  CHECK(order["error"]["exit"] == 14);
  CHECK(order["error"]["hint"] == "tealgate wait --operation op-1");
  const std::string text = order["error"]["message"];
  CHECK(text.starts_with("the daemon does not answer: /x.sock: nothing has come for 40 s"));
  CHECK(text.ends_with("it may have read the request or not"));
}

TEST_CASE("Output: it remembers why a write failed, and a stream on it goes bad") {
  std::ostringstream stream;
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  {
    Output output(stream, full);
    stream << "text" << std::flush;
    CHECK(stream.bad());
    CHECK(output.finish() == ENOSPC);
  }
  ::close(full);
}

TEST_CASE("Output: what is longer than its buffer arrives whole, also where the reader is slow") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  std::ostringstream stream;
  const std::string text(50'000, 'x');
  {
    Output output(stream, ends[1]);
    stream << text << "end";
    CHECK(output.finish() == 0);
  }
  ::close(ends[1]);
  std::string read(60'000, '\0');
  const ssize_t count = ::read(ends[0], read.data(), read.size());
  CHECK(read.substr(0, static_cast<std::size_t>(count)) == text + "end");
  ::close(ends[0]);
}

TEST_CASE("Fitted text: what has more rows than the terminal is cut, and says so") {
  const std::string text = "one\n\x1b[32mtwo\x1b[0m\nthree\nfour\n";
  CHECK(fit_rows(text, 5, 80) == text);
  CHECK(fit_rows(text, 4, 80) ==
        "one\n\x1b[32mtwo\x1b[0m\n… 2 more lines; a taller terminal shows them\n");
  CHECK(fit_rows("one\ntwo\n", 1, 80) == "… 2 more lines; a taller terminal shows them\n");
  CHECK(fit_rows("0123456789\ntwo\n", 4, 10) == "0123456789\ntwo\n");
  // Wrapped: two rows.
  CHECK(fit_rows("0123456789a\ntwo\nx\n", 4, 10) == "0123456789a\n… 2 more …\n");
  CHECK(fit_rows("", 5, 80).empty());
}
