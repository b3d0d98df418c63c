#include "control/publisher.h"

#include <doctest/doctest.h>

#include "base/loop.h"
#include "unit/control/decisions_vocabulary.h"

using namespace tealgate;

namespace {

struct Publishing {
  Loop loop;
  SnapshotCell cell;
  Publisher publisher{loop, cell, 2};
  Config config = shop_config();
  Decisions decisions = fit_to_config({}, config, WallTime{})->decisions;

  std::shared_ptr<const Snapshot> publish(
      Publisher::NewServers servers = Publisher::NewServers::Unknown) {
    return publisher.publish(config, decisions, servers);
  }
  const Server& server(const Snapshot& snapshot, std::string_view pool, std::size_t index) {
    return snapshot.find_service("shop")->find_pool(pool)->servers[index];
  }
};

}  // namespace

TEST_CASE("Publisher: a snapshot has the split and the administrative states") {
  Publishing it;
  it.decisions =
      *apply(it.decisions, ServerChange{"shop", {"green", "10.0.0.22:80"}, AdminState::Maint, {}});
  const auto snapshot = it.publish();
  CHECK(snapshot->generation == 1);
  CHECK(snapshot->find_service("shop")->split.to_string() == "blue");
  CHECK(it.server(*snapshot, "green", 1).admin == AdminState::Maint);
  CHECK(it.server(*snapshot, "green", 0).admin == AdminState::Ready);
}

TEST_CASE("Publisher: a server keeps its state over snapshots, and loses it with its address") {
  Publishing it;
  const auto first = it.publish();
  const auto second = it.publish();
  CHECK(second->generation == 2);
  CHECK(it.server(*first, "blue", 0).state == it.server(*second, "blue", 0).state);
  ServerConfig& moved = it.config.services[0].pools[0].servers[0];
  moved.address = *SocketAddress::parse("10.9.9.9:80", SocketAddress::EmptyHost::Loopback);
  CHECK(it.server(*it.publish(), "blue", 0).state != it.server(*second, "blue", 0).state);
}

TEST_CASE("Publisher: what belongs to no service gets the defaults, but no CORS") {
  Publishing it;
  it.config.defaults.headers.response.set("X-Of", {"nobody"});
  CorsPolicy::Terms terms;
  terms.origins = {"*"};
  it.config.defaults.cors.emplace(terms);
  const auto snapshot = it.publish();
  CHECK(snapshot->unrouted->headers.response.lines() == "X-Of: nobody\r\n");
  CHECK_FALSE(snapshot->unrouted->cors);
}

TEST_CASE("Publisher: new servers are unknown; after a restart active ones are on probation") {
  Publishing fresh;
  CHECK(fresh.server(*fresh.publish(), "blue", 0).state->health() == Health::Unknown);
  Publishing restarted;
  const auto snapshot = restarted.publish(Publisher::NewServers::OnProbation);
  CHECK(restarted.server(*snapshot, "blue", 0).state->health() == Health::Up);
  CHECK(restarted.server(*snapshot, "green", 0).state->health() == Health::Unknown);
}

TEST_CASE("Publisher: without checks a server is up") {
  Publishing it;
  it.config.services[0].settings.health.kind = HealthSettings::Kind::None;
  CHECK(it.server(*it.publish(), "green", 0).state->health() == Health::Up);
}

TEST_CASE("Publisher: adopted means by every reader, however long one takes") {
  Publishing it;
  it.publish();
  bool adopted = false;
  {
    SnapshotReader quick(it.cell, [] {});
    SnapshotReader slow(it.cell, [] {});
    quick.adopt();
    slow.adopt();
    const auto second = it.publish();
    it.publisher.when_adopted(second->generation, [&] { adopted = true; });
    quick.adopt();
    for (int i = 0; i < 5; ++i) {
      it.loop.defer([] {});
      it.publisher.when_adopted(1, [] {});
      it.loop.run_once();
    }
    CHECK_FALSE(adopted);
    slow.adopt();
    while (!adopted) it.loop.run_once();
    CHECK(adopted);
  }
}

TEST_CASE("Publisher: a reader's end lets go what waited for it") {
  Publishing it;
  it.publish();
  bool adopted = false;
  auto reader = std::make_unique<SnapshotReader>(it.cell, [] {});
  reader->adopt();
  const auto second = it.publish();
  it.publisher.when_adopted(second->generation, [&] { adopted = true; });
  it.loop.run_once();
  CHECK_FALSE(adopted);
  reader.reset();
  while (!adopted) it.loop.run_once();
  CHECK(adopted);
}
