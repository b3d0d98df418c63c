#include "control/figures.h"

#include <doctest/doctest.h>

namespace tealgate {
namespace {

using namespace std::chrono_literals;

// One service with a pool a name, whose traffic a test makes up.
struct Traffic {
  Figures figures;
  std::map<std::string, std::shared_ptr<ServerState>> states;
  std::shared_ptr<TrafficFigures> own = std::make_shared<TrafficFigures>(2);

  Snapshot snapshot(const std::vector<std::string>& servers) {
    Service service;
    service.name = "shop";
    service.settings = std::make_shared<const ServiceSettings>();
    service.own = own;
    Pool& pool = service.pools.emplace_back(Pool{"blue", {}});
    for (const std::string& name : servers) {
      auto& state = states[name];
      if (!state) state = std::make_shared<ServerState>(2);
      Server& server = pool.servers.emplace_back();
      server.name = name;
      server.state = state;
    }
    std::vector<Service> services;
    services.push_back(std::move(service));
    return Snapshot(1, std::move(services), {});
  }
  void collect(const std::vector<std::string>& servers, unsigned missed = 0) {
    figures.collect(snapshot(servers), missed);
  }
  void serve(const std::string& server, int status, Duration ttfb, unsigned worker = 0) {
    states.at(server)->traffic().count(worker, {.status = status, .ttfb = ttfb, .duration = ttfb});
  }
  const Figures::Pool& blue() const { return figures.services().at("shop").pools.at("blue"); }
};

}  // namespace

TEST_CASE("Figures: a second's point has what came since the last one, of all workers") {
  Traffic traffic;
  traffic.collect({"a", "b"});
  traffic.serve("a", 200, 10ms);
  traffic.serve("a", 200, 10ms, 1);
  traffic.serve("b", 503, 100ms);
  traffic.collect({"a", "b"});
  const FigurePoint& pool = traffic.blue().past.seconds.newest();
  CHECK(pool.requests == 3);
  CHECK(pool.errors == 1);
  CHECK(pool.p50 > 9ms);
  CHECK(pool.p50 < 11ms);
  CHECK(pool.p99 > 97ms);
  CHECK(traffic.blue().servers.at("a").seconds.newest().requests == 2);
  CHECK(traffic.blue().servers.at("b").seconds.newest().errors == 1);
  traffic.collect({"a", "b"});
  CHECK(traffic.blue().past.seconds.newest().requests == 0);
  CHECK(traffic.blue().past.seconds.newest().p99 == Duration::zero());
}

TEST_CASE("Figures: what we answer ourselves is the service's, not a server's") {
  Traffic traffic;
  traffic.collect({"a"});
  traffic.own->count(1, {.status = 503, .failure = Failure::NoServer});
  traffic.collect({"a"});
  const Figures::Own& own = traffic.figures.services().at("shop").own;
  CHECK(own.past.seconds.newest().requests == 1);
  CHECK(own.past.seconds.newest().errors == 1);
  CHECK(traffic.blue().past.seconds.newest().requests == 0);
}

TEST_CASE(
    "Figures: a pool's totals do not fall when a server leaves, and miss nothing of its end") {
  Traffic traffic;
  traffic.collect({"a", "b"});
  traffic.serve("b", 200, 1ms);
  traffic.collect({"a", "b"});
  traffic.collect({"a"});
  CHECK(traffic.blue().totals.requests() == 1);
  CHECK_FALSE(traffic.blue().servers.contains("b"));
  traffic.serve("b", 200, 1ms);  // was in flight
  traffic.states.erase("b");
  traffic.collect({"a"});
  traffic.collect({"a"});
  CHECK(traffic.blue().totals.requests() == 2);
  CHECK(traffic.blue().leaving.empty());
}

TEST_CASE("Figures: a server at another address is another one") {
  Traffic traffic;
  traffic.collect({"a"});
  traffic.serve("a", 200, 1ms);
  traffic.collect({"a"});
  traffic.states.erase("a");
  traffic.collect({"a"});
  CHECK(traffic.blue().servers.at("a").totals.requests() == 0);
  CHECK(traffic.blue().totals.requests() == 1);
}

TEST_CASE("Figures: a service that was gone for a moment begins anew") {
  Traffic traffic;
  traffic.own->count(0, {.status = 421});
  traffic.collect({"a"});
  traffic.own = std::make_shared<TrafficFigures>(2);
  traffic.collect({"a"});
  CHECK(traffic.figures.services().at("shop").own.totals.requests() == 0);
  CHECK(traffic.figures.services().at("shop").own.past.seconds.newest().requests == 0);
}

TEST_CASE("Figures: what leaves the config takes its past along") {
  Traffic traffic;
  traffic.collect({"a"});
  traffic.figures.collect(Snapshot(2, {}, {}), 0);
  CHECK(traffic.figures.services().empty());
}

TEST_CASE("Figures: 15 minutes of seconds and 24 hours of minutes are kept, not more") {
  Traffic traffic;
  const Snapshot snapshot = traffic.snapshot({"a"});
  for (std::size_t i = 0; i < Figures::kSeconds + 120; ++i) {
    traffic.serve("a", 200, 1ms);
    traffic.figures.collect(snapshot, 0);
  }
  const Figures::Past& past = traffic.blue().past;
  CHECK(past.seconds.size() == Figures::kSeconds);
  CHECK(past.seconds.newest(Figures::kSeconds - 1).requests == 1);
  CHECK(past.minutes.size() == 17);
  CHECK(past.minutes.newest().requests == 60);
  CHECK(traffic.blue().servers.at("a").seconds.size() == Figures::kServerSeconds);
}

TEST_CASE("Figures: of the minutes, 24 hours are kept") {
  Traffic traffic;
  const Snapshot snapshot = traffic.snapshot({"a"});
  for (std::size_t i = 0; i < Figures::kMinutes + 10; ++i) {
    traffic.serve("a", 200, 1ms);
    if (i + 10 >= Figures::kMinutes) traffic.serve("a", 200, 1ms);
    traffic.figures.collect(snapshot, 59);
  }
  const PointRing& minutes = traffic.blue().past.minutes;
  CHECK(minutes.size() == Figures::kMinutes);
  CHECK(minutes.newest().requests == 2);
  CHECK(minutes.newest(Figures::kMinutes - 1).requests == 1);
  CHECK(traffic.blue().past.seconds.size() == Figures::kSeconds);
  CHECK(traffic.figures.services().at("shop").own.past.minutes.size() == Figures::kMinutes);
}

TEST_CASE("Figures: seconds in which nobody looked are empty, and minutes stay minutes") {
  Traffic traffic;
  traffic.collect({"a"});
  traffic.serve("a", 200, 1ms);
  traffic.collect({"a"}, 58);
  CHECK(traffic.blue().past.seconds.size() == 60);
  CHECK(traffic.blue().past.seconds.newest(1).requests == 0);
  CHECK(traffic.blue().past.minutes.size() == 1);
  CHECK(traffic.blue().past.minutes.newest().requests == 1);
}

}  // namespace tealgate
