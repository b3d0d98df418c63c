#include "control/gates.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

const TimePoint kCalled = TimePoint{} + 100s;
const WallTime kNow = WallTime{} + 1000s;

GateServer server(std::string name, Health health, bool ok) {
  GateServer server;
  server.pool = "green";
  server.name = server.address = std::move(name);
  server.evidence.what = "GET /health";
  server.evidence.health = health;
  server.evidence.since = kNow - 40s;
  server.evidence.streak = 1;
  CheckResult last;
  last.ok = ok;
  last.status = ok ? 200 : 503;
  last.body = ok ? "" : "db: connection refused";
  last.latency = 3ms;
  last.began = kCalled;
  server.evidence.last = last;
  return server;
}

GateServer up(std::string name) {
  return server(std::move(name), Health::Up, true);
}
GateServer down(std::string name) {
  return server(std::move(name), Health::Down, false);
}

GateVerdict judged(std::vector<GateServer> servers, GateNeed need = {}) {
  return judge({{{"green", std::move(servers)}}, need, kCalled, kNow});
}

}  // namespace

TEST_CASE("Gate: all up passes, and says by which check") {
  const GateVerdict verdict = judged({up("10.0.0.21:8080"), up("10.0.0.22:8080")});
  CHECK(verdict.passed);
  CHECK(verdict.sentence == "2 of 2 up: GET /health");
}

TEST_CASE("Gate: a refusal names server, since when, check, status and body") {
  const GateVerdict verdict = judged({up("10.0.0.21:8080"), down("10.0.0.22:8080")});
  CHECK_FALSE(verdict.passed);
  CHECK_FALSE(verdict.may_settle);
  CHECK(verdict.sentence ==
        "green refused: 1 of 2 up; 10.0.0.22:8080 down 40 s: GET /health → 503 "
        "\"db: connection refused\"");
}

TEST_CASE("Gate: without an answer it says what went wrong instead of a status") {
  GateServer refused = down("a");
  refused.evidence.last->status = 0;
  refused.evidence.last->body.clear();
  refused.evidence.last->error = "connection refused";
  CHECK(judged({refused}).sentence ==
        "green refused: 0 of 1 up; a down 40 s: GET /health: connection refused");
}

TEST_CASE("Gate: memory does not count, only checks begun after the call") {
  GateServer remembered = up("a");
  remembered.evidence.last->began = kCalled - 1ns;
  CHECK_FALSE(judged({remembered}).passed);
}

TEST_CASE("Gate: a fresh failure counts even if the server still passes for up") {
  const GateVerdict verdict = judged({server("a", Health::Up, false)});
  CHECK_FALSE(verdict.passed);
  CHECK(verdict.sentence.find("a failing: GET /health → 503") != std::string::npos);
}

TEST_CASE("Gate: a server that passes but has not risen yet may settle") {
  const GateVerdict verdict = judged({up("a"), server("b", Health::Down, true)});
  CHECK_FALSE(verdict.passed);
  CHECK(verdict.may_settle);
  CHECK(verdict.sentence.find("b not up yet, 1 of 2 passes") != std::string::npos);
}

TEST_CASE("Gate: one that is rising settles nothing while another is down") {
  CHECK_FALSE(judged({down("a"), server("b", Health::Down, true)}).may_settle);
}

TEST_CASE("Gate: servers in drain or maint do not count and are named") {
  GateServer drained = down("b");
  drained.admin = AdminState::Maint;
  const GateVerdict verdict = judged({up("a"), drained});
  CHECK(verdict.passed);
  CHECK(verdict.sentence == "1 of 1 up: GET /health; b is in maint and does not count");
}

TEST_CASE("Gate: a pool of which no server counts is refused") {
  GateServer drained = up("a");
  drained.admin = AdminState::Drain;
  const GateVerdict verdict = judged({drained});
  CHECK_FALSE(verdict.passed);
  CHECK(verdict.sentence.find("green refused: 0 of 0 up") == 0);
}

TEST_CASE("Gate: the share wanted is rounded up, and is at least one server") {
  const GateNeed half{GateNeed::Kind::Percent, 50};
  CHECK(judged({up("a"), down("b")}, half).passed);
  CHECK_FALSE(judged({up("a"), down("b"), down("c")}, half).passed);
  CHECK_FALSE(judged({down("a")}, {GateNeed::Kind::Percent, 0}).passed);
}

TEST_CASE("Gate: every pool must pass") {
  GateInput input{{{"blue", {up("a")}}, {"green", {down("b")}}}, {}, kCalled, kNow};
  CHECK_FALSE(judge(input).passed);
  input.pools[1].servers = {up("b")};
  CHECK(judge(input).sentence == "blue 1 of 1 up, green 1 of 1 up: GET /health");
}

TEST_CASE("Gate: a TCP check says that it is no more than that") {
  GateServer tcp = up("a");
  tcp.evidence.what = "TCP connect";
  tcp.evidence.last->status = 0;
  CHECK(judged({tcp}).sentence == "1 of 1 up: TCP connect only");
}

TEST_CASE("Gate: a body is told on one line and not at length") {
  GateServer loud = down("a");
  loud.evidence.last->body = "{\n\"x\"" + std::string(500, 'y');
  const std::string sentence = judged({loud}).sentence;
  CHECK(sentence.find('\n') == std::string::npos);
  CHECK(sentence.size() < 250);
}

TEST_CASE("Gate: the details have a row for each server") {
  const auto rows = gate_details(judged({up("a"), down("b")}), kNow);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["up"] == true);
  CHECK(rows[1]["server"] == "b");
  CHECK(rows[1]["status"] == 503);
  CHECK(rows[1]["body"] == "db: connection refused");
  CHECK(rows[1]["since_ms"] == 40000);
}
