#include "control/systemd_report.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <vector>

#include "base/loop.h"

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

Service service(const std::string& name, std::vector<Split::Entry> entries) {
  Service made;
  made.name = name;
  made.split.entries = std::move(entries);
  made.settings = std::make_shared<const ServiceSettings>();
  return made;
}

Snapshot snapshot(std::vector<Service> services) {
  return Snapshot(1, std::move(services), {}, {});
}

struct Reporting {
  Loop loop;
  std::vector<std::string> said;
  SystemdReport report{loop, std::nullopt,
                       [this](std::string_view text) { said.emplace_back(text); }};

  void serve(const std::string& pool) {
    report.on_published(snapshot({service("shop", {{pool, {}}})}));
  }
};

std::string ready(const std::string& serving) {
  return "READY=1\nMAINPID=" + std::to_string(getpid()) + "\nSTATUS=" + serving;
}

}  // namespace

TEST_CASE("serving_line: each service with what serves it, and not without end") {
  CHECK(serving_line(snapshot({service("shop", {{"blue", {}}}),
                               service("api", {{"blue", 90}, {"green", 10}}),
                               service("web", {{"blue", {}}, {"green", {}}})})) ==
        "shop: blue 100 %; api: blue 90 %, green 10 %; web: blue green");
  std::vector<Service> many;
  for (int i = 0; i < 100; ++i) {
    many.push_back(service("service-" + std::to_string(i), {{"blue", {}}}));
  }
  const std::string line = serving_line(snapshot(std::move(many)));
  CHECK(line.size() < 300);
  CHECK(line.ends_with(" more"));
}

TEST_CASE("SystemdReport: ready once clients are accepted, then each change of what serves") {
  Reporting it;
  it.serve("blue");
  CHECK(it.said.empty());
  it.report.on_ready();
  it.serve("blue");
  it.serve("green");
  CHECK(it.said == std::vector<std::string>{ready("shop: blue 100 %"), "STATUS=shop: green 100 %"});
}

TEST_CASE("SystemdReport: a reload ends with READY, whatever became of it") {
  Reporting it;
  it.serve("blue");
  it.report.on_reload_begun();
  CHECK(it.said.empty());
  it.report.on_ready();
  it.report.on_reload_begun();
  it.report.on_reload_ended();
  REQUIRE(it.said.size() == 3);
  CHECK(it.said[1].starts_with("RELOADING=1\nMONOTONIC_USEC="));
  CHECK(it.said[2] == "READY=1\nSTATUS=shop: blue 100 %");
}

TEST_CASE("SystemdReport: who ends says how long that may take, and then only that it lives") {
  Reporting it;
  it.serve("blue");
  it.report.on_ready();
  it.said.clear();
  it.report.on_stopping(30s);
  it.report.on_reload_ended();
  it.report.on_ready();
  it.serve("green");
  CHECK(it.said ==
        std::vector<std::string>{
            "STOPPING=1\nEXTEND_TIMEOUT_USEC=40000000\nSTATUS=finishing what is in flight"});
}

TEST_CASE("SystemdReport: who is replaced is silent, until it serves again") {
  Reporting it;
  it.serve("blue");
  it.report.on_ready();
  it.said.clear();
  it.report.on_retired(123);
  it.serve("green");
  it.report.on_reload_begun();
  it.report.on_ready();
  CHECK(it.said == std::vector<std::string>{"MAINPID=123", ready("shop: green 100 %")});
}

TEST_CASE("SystemdReport: the watchdog hears of the loop again and again") {
  Loop loop;
  int pings = 0;
  SystemdReport report(loop, 1ms, [&](std::string_view text) {
    if (text == "WATCHDOG=1" && ++pings == 3) loop.stop();
  });
  report.on_ready();
  loop.run();
  CHECK(pings == 3);
}
