#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "control/cli/render_status.h"
#include "control/wall_time.h"

using namespace tealgate;
using namespace tealgate::cli;
using json = nlohmann::ordered_json;

namespace {

WallTime at(const char* time) {
  return *parse_wall_time(time);
}

struct InUtc {
  InUtc() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
};

json server(const char* name, const char* health, double latency, int in_flight) {
  return {{"name", name},
          {"admin", "ready"},
          {"health", health},
          {"in_flight", in_flight},
          {"check",
           {{"what", "GET /health"},
            {"ok", true},
            {"status", 200},
            {"latency_ms", latency},
            {"error", ""},
            {"since", "2026-11-22T14:00:00.000Z"}}}};
}

json shop() {
  json green = {
      {"name", "green"},
      {"share", 100},
      {"active", true},
      {"state", "ok"},
      {"label", "v1.4.2"},
      {"servers", {server("10.0.0.21:8080", "up", 3.1, 18), server("big", "up", 4.4, 20)}}};
  json blue = {
      {"name", "blue"},
      {"share", 0},
      {"active", false},
      {"state", "off"},
      {"label", "v1.4.1"},
      {"servers", {server("10.0.0.11:8080", "up", 3, 0), server("10.0.0.12:8080", "down", 0, 0)}}};
  return {{"name", "shop"},
          {"state", "ok"},
          {"revision", 43},
          {"shares", {{"green", 100}, {"blue", 0}}},
          {"active", {"green"}},
          {"since", "2026-11-22T14:02:11.123Z"},
          {"by", "ci"},
          {"reason", ""},
          {"label", "v1.4.2"},
          {"operation", nullptr},
          {"lock", nullptr},
          {"rollback", {{"to", {"blue"}}, {"possible", true}, {"why", "1 of 2 up"}}},
          {"pools", {green, blue}}};
}

}  // namespace

TEST_CASE("Status screen: a service is four lines that say what serves and what is the way back") {
  InUtc utc;
  CHECK(render_service(shop(), {false, at("2026-11-22T15:00:00Z")}) ==
        "shop  OK  revision 43  serves GREEN 100 % since 14:02 (ci: \"v1.4.2\")\n"
        "back: blue, possible, 1 of 2 up, v1.4.1 · now: idle, unlocked\n"
        "GREEN 100 %  v1.4.2  10.0.0.21:8080 up 3 ms, 18 in flight · big up 4 ms, 20 in flight\n"
        "BLUE    0 %  v1.4.1  10.0.0.11:8080 up 3 ms · 10.0.0.12:8080 off\n");
}

TEST_CASE("Status screen: a down server of an active pool says since when and why") {
  json service = shop();
  json& down = service["pools"][0]["servers"][1];
  down["health"] = "down";
  down["in_flight"] = 0;
  down["check"]["error"] = "connection refused";
  down["check"]["status"] = 0;
  std::string screen = render_service(service, {false, at("2026-11-22T14:00:40Z")});
  CHECK(screen.find("big down 40 s: GET /health → connection refused\n") != std::string::npos);
}

TEST_CASE("Status screen: the administrative state hides the health") {
  json service = shop();
  service["pools"][0]["servers"][1]["admin"] = "drain";
  std::string screen = render_service(service, {false, at("2026-11-22T14:00:40Z")});
  CHECK(screen.find("big drain, 20 in flight") != std::string::npos);
}

TEST_CASE("Status screen: a running operation and a lock are named") {
  InUtc utc;
  json service = shop();
  service["operation"] = {
      {"kind", "switch"}, {"to", {"blue"}}, {"phase", "draining"}, {"by", "ci"}, {"id", "op-1"}};
  service["lock"] = {
      {"holder", "ann"}, {"reason", "migration"}, {"expires_at", "2026-11-22T14:30:00Z"}};
  std::string screen = render_service(service, {false, at("2026-11-22T14:00:40Z")});
  CHECK(screen.find(
            "now: switch to blue draining (ci, op-1), locked by ann until 14:30 (\"migration\")") !=
        std::string::npos);
}

TEST_CASE("Status screen: nothing to go back to is said") {
  json service = shop();
  service["rollback"] = {{"to", nullptr}, {"possible", false}, {"why", "nothing to undo"}};
  CHECK(render_service(service, {false, WallTime{}}).find("back: nothing to undo · now") !=
        std::string::npos);
}

TEST_CASE("Status screen: colours only when asked for") {
  CHECK(render_service(shop(), {false, WallTime{}}).find('\x1b') == std::string::npos);
  CHECK(render_service(shop(), {true, WallTime{}}).find("\x1b[32mOK\x1b[0m") != std::string::npos);
}

TEST_CASE("Status screen: another day's time bears its date") {
  InUtc utc;
  CHECK(render_time("2026-11-21T14:02:11.123Z", at("2026-11-22T14:00:00Z")) == "2026-11-21 14:02");
  CHECK(render_time("soon", WallTime{}) == "soon");
}

TEST_CASE("Status screen: what others said does not drive the terminal") {
  json service = shop();
  service["by"] = "ci\x1b[2J";
  service["label"] =
      "v1\n\xc2\x9b"
      "2K";
  service["pools"][0]["label"] = "v1\x07";
  const std::string screen = render_service(service, {false, at("2026-11-22T15:00:00Z")});
  CHECK(screen.find('\x1b') == std::string::npos);
  CHECK(screen.find('\x07') == std::string::npos);
  CHECK(screen.find("\xc2\x9b") == std::string::npos);
  CHECK(std::count(screen.begin(), screen.end(), '\n') == 4);
}

TEST_CASE("Status screen: a server that is up but fails its checks says so") {
  json service = shop();
  json& check = service["pools"][0]["servers"][1]["check"];
  check["ok"] = false;
  check["status"] = 0;
  check["error"] = "timed out after 1 s";
  const std::string screen = render_service(service, {false, WallTime{}});
  CHECK(screen.find("big up, failing: GET /health → timed out after 1 s, 20 in flight") !=
        std::string::npos);
}
