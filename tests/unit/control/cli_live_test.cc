#include <doctest/doctest.h>

#include <deque>
#include <nlohmann/json.hpp>

#include "control/cli/live_model.h"
#include "control/cli/sse_reader.h"
#include "control/cli/what_matters.h"
#include "control/merge_patch.h"

using namespace tealgate;
using namespace tealgate::cli;
using json = nlohmann::ordered_json;

namespace {

// What a reader makes of bytes.
struct Heard {
  std::vector<SseMessage> messages;
  SseReader reader{[this](const SseMessage& message) { messages.push_back(message); }};
};

json status(const char* active) {
  return {{"ok", true},
          {"in_flight", 3},
          {"services",
           {{"shop",
             {{"name", "shop"},
              {"active", {active}},
              {"pools",
               {{{"name", "blue"},
                 {"servers",
                  {{{"name", "a"},
                    {"in_flight", 3},
                    {"health", "up"},
                    {"check", {{"ok", true}, {"latency_ms", 3.5}, {"at", "x"}}}}}}}}}}}}}};
}

json point(int requests, int errors, json p99) {
  return {{"requests", requests}, {"errors", errors}, {"p50", 1}, {"p95", 2}, {"p99", p99}};
}

json figures_of(const json& pool, const json& server, const json& own) {
  json whole = pool;
  whole["servers"] = {{"a", server}};
  return {{"services", {{"shop", {{"pools", {{"blue", whole}}}, {"own", own}}}}}};
}

SseMessage message(const char* event, const json& data) {
  return {event, "", data.dump()};
}

json snapshot() {
  const json columns = {{"requests", {5, 6}},
                        {"errors", {0, 1}},
                        {"p50", {nullptr, 1}},
                        {"p95", {nullptr, 2}},
                        {"p99", {nullptr, 80.5}}};
  const json own = {{"requests", {0, 2}}, {"errors", {0, 2}}};
  return {{"status", status("blue")},
          {"figures", figures_of(columns, columns, own)},
          {"events", {{{"id", "b-1"}, {"message", "one"}}}},
          {"resumed", false}};
}

}  // namespace

TEST_CASE("SseReader: messages come out whole, however the bytes are cut") {
  const std::string bytes =
      "event: snapshot\nid: b-1\ndata: {\"a\":\ndata: 1}\n\n: ping\n\nevent: "
      "tick\r\ndata:x\r\n\r\n";
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    CAPTURE(size);
    Heard heard;
    for (std::size_t at = 0; at < bytes.size(); at += size)
      REQUIRE(heard.reader.feed(std::string_view(bytes).substr(at, size)));
    REQUIRE(heard.messages.size() == 2);
    CHECK(heard.messages[0].event == "snapshot");
    CHECK(heard.messages[0].id == "b-1");
    CHECK(heard.messages[0].data == "{\"a\":\n1}");
    CHECK(heard.messages[1].event == "tick");
    CHECK(heard.messages[1].id.empty());
    CHECK(heard.messages[1].data == "x");
  }
}

TEST_CASE("SseReader: a line that does not end is given up") {
  Heard heard;
  const std::string piece(std::size_t{1} << 20, 'x');
  bool fits = true;
  for (int i = 0; i < 70 && fits; ++i) fits = heard.reader.feed(piece);
  CHECK_FALSE(fits);
}

TEST_CASE("LiveModel: a snapshot gives the status, the last minute and the events") {
  LiveModel model;
  CHECK_FALSE(model.is_known());
  REQUIRE(model.apply(message("snapshot", snapshot())));
  CHECK(model.is_known());
  CHECK(model.services().contains("shop"));
  const LiveModel::Seconds& all = model.of_service("shop");
  REQUIRE(all.size() == 2);
  CHECK(all.back().requests == 8);  // with those that no server answered
  CHECK(all.back().errors == 3);
  CHECK(all.back().p99 == 80.5);
  CHECK_FALSE(all.front().p99.has_value());
  CHECK(model.of_server("shop", "blue", "a").back().requests == 6);
  CHECK(model.of_server("shop", "blue", "gone").empty());
  CHECK(model.events().size() == 1);
}

TEST_CASE("LiveModel: a tick changes the status by its patch and adds a second") {
  LiveModel model;
  model.apply(message("snapshot", snapshot()));
  const json after = status("green");
  const json tick = {{"at", 1},
                     {"status", merge_patch_between(status("blue"), after)},
                     {"figures", figures_of(point(9, 0, 7.5), point(4, 0, nullptr),
                                            {{"requests", 1}, {"errors", 1}})}};
  REQUIRE(model.apply(message("tick", tick)));
  CHECK(model.status() == after);
  CHECK(model.of_service("shop").back().requests == 10);
  CHECK(model.of_server("shop", "blue", "a").back().requests == 4);
  CHECK_FALSE(model.of_server("shop", "blue", "a").back().p99.has_value());
  for (int i = 0; i < 100; ++i) model.apply(message("tick", tick));
  CHECK(model.of_service("shop").size() == LiveModel::kSeconds);
}

TEST_CASE("LiveModel: a server that is gone leaves no figures") {
  LiveModel model;
  model.apply(message("snapshot", snapshot()));
  json tick = {{"figures", figures_of(point(1, 0, 1), point(1, 0, 1), point(0, 0, nullptr))}};
  tick["figures"]["services"]["shop"]["pools"]["blue"]["servers"] = json::object();
  model.apply(message("tick", tick));
  CHECK(model.of_server("shop", "blue", "a").empty());
}

TEST_CASE("LiveModel: after a resumed stream the events before are kept, after another are not") {
  LiveModel model;
  model.apply(message("snapshot", snapshot()));
  model.apply(message("event", {{"id", "b-2"}}));
  json again = snapshot();
  again["resumed"] = true;
  again["events"] = {{{"id", "b-3"}}};
  model.apply(message("snapshot", again));
  CHECK(model.events().size() == 3);
  model.apply(message("snapshot", snapshot()));
  CHECK(model.events().size() == 1);
  for (int i = 0; i < 300; ++i) model.apply(message("event", {{"id", "b"}}));
  CHECK(model.events().size() == LiveModel::kEvents);
}

TEST_CASE("LiveModel: what it does not understand changes nothing") {
  LiveModel model;
  CHECK_FALSE(model.apply({"snapshot", "", "{"}));
  CHECK_FALSE(model.apply({"snapshot", "", "[1]"}));
  CHECK_FALSE(model.apply({"later", "", "{}"}));
  CHECK_FALSE(model.is_known());
}

TEST_CASE("status --follow: counts that move each second are no change, health is one") {
  json busy = status("blue");
  busy["in_flight"] = 9;
  json& server = busy["services"]["shop"]["pools"][0]["servers"][0];
  server["in_flight"] = 9;
  server["check"]["latency_ms"] = 7.5;
  server["check"]["at"] = "y";
  CHECK(what_matters(busy) == what_matters(status("blue")));
  server["health"] = "down";
  CHECK(what_matters(busy) != what_matters(status("blue")));
  CHECK(what_matters(status("green")) != what_matters(status("blue")));
}
