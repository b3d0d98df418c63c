#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "control/cli/fitted_text.h"
#include "control/cli/top_table.h"
#include "control/cli/top_view.h"
#include "control/wall_time.h"

using namespace tealgate;
using namespace tealgate::cli;
using json = nlohmann::ordered_json;

namespace {

json server(const std::string& name, int in_flight) {
  return {{"name", name},
          {"admin", "ready"},
          {"health", "up"},
          {"in_flight", in_flight},
          {"check",
           {{"what", "GET /health"},
            {"ok", true},
            {"status", 200},
            {"error", ""},
            {"body", ""},
            {"at", "2026-11-22T14:02:09.000Z"},
            {"since", "2026-11-22T14:01:30.000Z"}}}};
}

json pool(const std::string& name, int share, json servers) {
  return {{"name", name},  {"share", share},    {"active", share > 0},
          {"state", "ok"}, {"label", "v1.4.2"}, {"servers", std::move(servers)}};
}

json shop() {
  return {{"name", "shop"},
          {"state", "ok"},
          {"revision", 43},
          {"shares", {{"green", 100}, {"blue", 0}}},
          {"active", {"green"}},
          {"operation", nullptr},
          {"lock", nullptr},
          {"rollback", {{"to", {"blue"}}, {"possible", true}, {"why", "1 of 1 up"}}},
          {"pools",
           {pool("green", 100, {server("10.0.0.21:8080", 18), server("big", 20)}),
            pool("blue", 0, {server("10.0.0.11:8080", 0)})}}};
}

json point(int requests, int errors, json p99) {
  return {{"requests", requests}, {"errors", errors}, {"p50", 4.24}, {"p95", 41}, {"p99", p99}};
}

// A watched daemon, and what is drawn of it.
struct Screen {
  json services = {{"shop", shop()}};
  TopState state;
  ScreenSize size;
  Look look;
  json events = json::array();

  Screen() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    look.now = *parse_wall_time("2026-11-22T14:02:11Z");
  }
  LiveModel model() const {
    LiveModel made;
    made.apply(
        {"snapshot", "", json{{"status", {{"services", services}}}, {"events", events}}.dump()});
    json green = point(1248, 1, 84);
    green["servers"] = {{"10.0.0.21:8080", point(620, 0, 80)}, {"big", point(628, 1, 84)}};
    json blue = point(0, 0, nullptr);
    blue["servers"] = {{"10.0.0.11:8080", point(0, 0, nullptr)}};
    const json figures = {
        {"services",
         {{"shop",
           {{"pools", {{"green", green}, {"blue", blue}}}, {"own", point(0, 0, nullptr)}}}}}};
    made.apply({"tick", "", json{{"figures", figures}}.dump()});
    return made;
  }
  std::vector<std::string> lines() const { return top_lines(model(), state, size, look); }
  std::string text() const {
    std::string text;
    for (const std::string& line : lines()) text += line + "\n";
    return text;
  }
  bool shows(const std::string& part) const { return text().find(part) != std::string::npos; }
  json& server_at(std::size_t pool, std::size_t place) {
    return services["shop"]["pools"][pool]["servers"][place];
  }
};

std::size_t row_of(const std::vector<std::string>& lines, const std::string& part) {
  const auto found = std::ranges::find_if(
      lines, [&](const std::string& line) { return line.find(part) != std::string::npos; });
  return static_cast<std::size_t>(found - lines.begin());
}

}  // namespace

TEST_CASE("top: a service says how it is, what is asked of it, and what the way back is") {
  const std::vector<std::string> lines = Screen().lines();
  REQUIRE(lines.size() == 24);
  CHECK(lines[0] == "shop  OK  revision 43  serves GREEN 100 %");
  CHECK(lines[1] == "1 248 req/s · 5xx 0.08 % of a minute · p99 84 ms · 38 in flight");
  CHECK(lines[2] == "back: blue, possible, 1 of 1 up, v1.4.2 · now: idle, unlocked");
  CHECK(lines[3].ends_with("█ most 1 248 req/s"));
  CHECK(lines[5] ==
        "G 100% 10.0.0.21:8080  up              18    620      0   4.2    41    80    2 s");
  CHECK(lines[7] ==
        "B   0% 10.0.0.11:8080  up               0      0      0   4.2    41     –    2 s");
  CHECK(lines[23] == "q quit  s sort (pool)  n p service  space pause  ? help");
}

TEST_CASE("top: on a wide terminal the figures stay beside the names, which are whole") {
  Screen screen;
  screen.size = {24, 200};
  CHECK(screen.lines()[7] ==
        "B   0% 10.0.0.11:8080  up               0      0      0   4.2    41     –    2 s");
  screen.server_at(1, 0)["name"] = "a-name-that-80-columns-would-cut";
  CHECK(row_of(screen.lines(), "B   0% a-name-that-80-columns-would-cut up ") == 7);
}

TEST_CASE("top: whoever fails says why, and since when") {
  Screen screen;
  screen.server_at(0, 1)["health"] = "down";
  screen.server_at(0, 1)["check"].update(
      {{"ok", false}, {"status", 503}, {"body", "db: connection\x1b[2J refused\n"}});
  const std::vector<std::string> lines = screen.lines();
  const std::size_t row = row_of(lines, "G 100% big");
  CHECK(lines.at(row).find(" down ") != std::string::npos);
  CHECK(lines.at(row + 1) == "       └ 41 s: GET /health → 503 \"db: connection [2J refused\"");
}

TEST_CASE(
    "top: a standby server that is down is off, one in drain says so, one that fails a check is "
    "up") {
  Screen screen;
  screen.server_at(1, 0)["health"] = "down";
  screen.server_at(0, 0)["admin"] = "drain";
  screen.server_at(0, 1)["check"]["ok"] = false;
  const std::vector<std::string> lines = screen.lines();
  CHECK(lines.at(row_of(lines, "10.0.0.11:8080")).find(" off ") != std::string::npos);
  CHECK(lines.at(row_of(lines, "10.0.0.21:8080")).find(" drain ") != std::string::npos);
  CHECK(lines.at(row_of(lines, "G 100% big")).find(" up, failing ") != std::string::npos);
}

TEST_CASE("top: rows are sorted as asked") {
  Screen screen;
  auto is_first = [&](SortBy sort, const char* name) {
    screen.state.sort = sort;
    return screen.lines()[5].find(name) != std::string::npos;
  };
  CHECK(is_first(SortBy::Pool, "10.0.0.21:8080"));
  CHECK(is_first(SortBy::Requests, "big"));
  CHECK(is_first(SortBy::Errors, "big"));
  CHECK(is_first(SortBy::P99, "big"));
  CHECK(is_first(SortBy::InFlight, "big"));
  CHECK(is_first(SortBy::Name, "10.0.0.11:8080"));
}

TEST_CASE("top: no line is wider and no screen taller than the terminal, whatever is in it") {
  Screen screen;
  const std::string wide = "größe-日本語-" + std::string(200, 'x');
  screen.services["shop"]["pools"][0]["label"] = wide;
  screen.services["shop"]["rollback"]["why"] = wide;
  json& servers = screen.services["shop"]["pools"][0]["servers"];
  for (int i = 0; i < 40; ++i) servers.push_back(server(wide + std::to_string(i), 1'000'000'000));
  for (json& each : servers) each["check"].update({{"ok", false}, {"error", wide}});
  for (int i = 0; i < 50; ++i)
    screen.events.push_back(
        {{"at", "2026-11-22T14:02:11.000Z"}, {"level", "error"}, {"message", wide}});
  for (std::size_t rows = 1; rows < 60; ++rows) {
    for (std::size_t columns : {1, 20, 79, 80, 81, 120, 250}) {
      CAPTURE(rows);
      CAPTURE(columns);
      screen.size = {rows, columns};
      const std::vector<std::string> lines = screen.lines();
      const bool is_enough = rows >= kSmallestScreen.rows && columns >= kSmallestScreen.columns;
      CHECK(lines.size() == (is_enough ? rows : 2));
      for (const std::string& line : lines) CHECK(columns_of(line) <= columns);
    }
  }
  screen.size = {24, 80};
  CHECK(screen.shows("more; a taller terminal shows them"));
}

TEST_CASE("top: a terminal that is too small is told so") {
  Screen screen;
  screen.size = {10, 60};
  CHECK(screen.text() == "This terminal is too small: 60×10\ntealgate top needs 80×14; q quits\n");
}

TEST_CASE("top: the newest events of the service stand at the bottom") {
  Screen screen;
  screen.events = {{{"at", "2026-11-22T14:01:00.000Z"}, {"level", "info"}, {"message", "daemon"}},
                   {{"at", "2026-11-22T14:01:01.000Z"},
                    {"level", "info"},
                    {"message", "x"},
                    {"service", "other"}},
                   {{"at", "2026-11-22T14:01:02.000Z"},
                    {"level", "warning"},
                    {"message", "b\x1b]0;x"},
                    {"service", "shop"}}};
  const std::vector<std::string> lines = screen.lines();
  const std::size_t title = row_of(lines, "EVENTS");
  CHECK(lines.at(title + 1) == "14:01:00  daemon");
  CHECK(lines.at(title + 2) == "14:01:02  warning: b ]0;x");
}

TEST_CASE("top: colours only where they are wanted, and the words say the same without") {
  Screen screen;
  CHECK_FALSE(screen.shows("\x1b"));
  screen.look.colour = true;
  CHECK(screen.shows("\x1b[32mOK\x1b[0m"));
}

TEST_CASE("top: it says when it is paused, when nothing new comes, and when there is nothing") {
  Screen screen;
  screen.state.is_paused = true;
  CHECK(screen.shows("PAUSED  q quit"));
  screen.state.trouble = "/x.sock: connection refused";
  CHECK(screen.lines()[0] == "NOT CURRENT: /x.sock: connection refused");
  CHECK(top_lines(LiveModel(), {}, {}, {})[0] == "Waiting for the daemon…");
  screen.services = json::object();
  screen.state = {};
  CHECK(screen.lines()[0] == "There is no service to show.");
}

TEST_CASE("top: n and p go round the services") {
  Screen screen;
  screen.services["api"] = shop();
  const LiveModel model = screen.model();
  CHECK(shown_service(model, "") == "shop");
  CHECK(shown_service(model, "gone") == "gone");
  CHECK(next_service(model, "gone", 1) == "shop");
  CHECK(next_service(model, "gone", -1) == "api");
  CHECK(next_service(model, "", 1) == "api");
  CHECK(next_service(model, "api", 1) == "shop");
  CHECK(next_service(model, "shop", -1) == "api");
  screen.state.service = "api";
  CHECK(screen.lines()[0].starts_with("api (2 of 2)  OK"));
}

TEST_CASE("top: a service that is gone is told, and no other is shown in its place") {
  Screen screen;
  screen.services["api"] = shop();
  screen.state.service = "gone";
  CHECK(screen.lines()[0] == "There is no service \"gone\" any more.");
  CHECK_FALSE(screen.shows("revision"));
}

TEST_CASE("top: pools whose names begin alike have different letters") {
  const json service = {{"pools", {{{"name", "blue"}}, {{"name", "black"}}, {{"name", "b"}}}}};
  CHECK(letter_of(service, "blue") == "B");
  CHECK(letter_of(service, "black") == "L");
  CHECK(letter_of(service, "b") == "1");
}

TEST_CASE("Fitted text: characters are counted in columns, and none is cut in half") {
  CHECK(columns_of("größe") == 5);
  CHECK(columns_of("日本") == 4);
  CHECK(columns_of("e\u0301") == 1);
  CHECK(cut_to("日本語", 5) == "日本…");
  CHECK(cut_to("日本語", 4) == "日…");
  CHECK(cut_to("größe", 5) == "größe");
  CHECK(cut_to("größe", 0).empty());
  CHECK(left("ab", 4) == "ab  ");
  CHECK(right("ab", 4) == "  ab");
}
