// A daemon whose answers are given, and one invocation of the command line against it.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "control/cli/commands.h"

namespace tealgate::cli_test {

using namespace tealgate::cli;
using nlohmann::json;

inline constexpr const char* kShop =
    R"({"name":"shop","state":"ok","revision":43,"split":["green"],"shares":{"green":100,"blue":0},
  "active":["green"],"idle":["blue"],"since":"2026-11-22T14:02:11.000Z","by":"ci","reason":"","label":"v1.4.2",
  "operation":null,"lock":null,"rollback":{"to":["blue"],"possible":true,"why":"2 of 2 up"},
  "pools":[{"name":"green","share":100,"active":true,"state":"ok","label":"v1.4.2","up":1,"of":1,
            "servers":[{"name":"big","admin":"ready","health":"up","in_flight":3}]},
           {"name":"blue","share":0,"active":false,"state":"ok","label":"","up":1,"of":1,
            "servers":[{"name":"10.0.0.11:8080","admin":"ready","health":"up","in_flight":0}]}]})";

inline json status_of(std::vector<std::string> names) {
  json services = json::object();
  for (const std::string& name : names) {
    services[name] = json::parse(kShop);
    services[name]["name"] = name;
  }
  return {{"ok", true}, {"services", services}};
}

// Answers with what is queued, and remembers what was asked.
class CannedDaemon final : public Daemon {
 public:
  Answer ask(const Request& request, const OnLine& on_line) override {
    asked.push_back(request);
    REQUIRE_FALSE(answers.empty());
    Answer answer = answers.front();
    answers.pop_front();
    for (const std::string& line : lines) {
      if (on_line && request.method == "POST") on_line(line);
    }
    return answer;
  }
  void will_answer(const json& object, int status = 200) {
    answers.push_back({Answer::Outcome::Answered, status, object.dump(), ""});
  }
  void will_fail(Answer::Outcome outcome) { answers.push_back({outcome, 0, "", "/x.sock: gone"}); }
  json body(std::size_t i) const { return json::parse(asked.at(i).body); }

  std::deque<Answer> answers;
  std::vector<std::string> lines;
  std::vector<Request> asked;
};

// One invocation of the command line against the canned daemon.
struct Invocation {
  CannedDaemon daemon;
  std::ostringstream out;
  std::ostringstream err;
  std::string token;
  bool err_is_terminal = false;

  int run(std::vector<std::string> words) {
    auto arguments = parse_arguments(words);
    REQUIRE_MESSAGE(arguments.has_value(), arguments.error().text);
    Console console{out, err, err_is_terminal, false, 80, WallTime{}};
    return Commands(*arguments, {daemon, console, "op-1", token}).run();
  }
};

inline json switched() {
  return {{"ok", true},
          {"changed", true},
          {"service", "shop"},
          {"from", {"blue"}},
          {"to", {"green"}},
          {"revision", 43},
          {"operation", "op-1"},
          {"took_ms", 812},
          {"forced", false},
          {"gate", "2 of 2 up: GET /health"},
          {"drain",
           {{"drained", true},
            {"finished", 37},
            {"left", 0},
            {"cut", {{"http", 0}, {"stream", 0}}},
            {"took_ms", 4210}}}};
}

inline json refused(const char* code, int exit) {
  return {{"ok", false},
          {"error",
           {{"code", code},
            {"exit", exit},
            {"message", "no"},
            {"details", json::array()},
            {"hint", "tealgate status"}}}};
}

}  // namespace tealgate::cli_test
