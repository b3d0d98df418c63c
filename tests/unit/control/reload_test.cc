#include "unit/control/deploy_vocabulary.h"

using namespace tealgate;

namespace {

std::shared_ptr<Heard> reload(Deploy& deploy, const Config& config) {
  deploy.next_config = config;
  const auto heard = std::make_shared<Heard>();
  deploy.control->reload(deploy.caller, heard);
  deploy.finished(heard);
  return heard;
}

}  // namespace

TEST_CASE("Reload: decisions stay as they are, new pools may be switched to") {
  Deploy deploy;
  deploy.switch_to({"green"});
  Config config = shop_config();
  config.services[0].pools.push_back(pool_of("red", {"10.0.0.31:80"}));
  const auto heard = reload(deploy, config);
  CHECK(heard->ok());
  CHECK(deploy.routed() == "green");
  CHECK(deploy.data_plane.commits == 1);
  CHECK(deploy.switch_to({"red"})["ok"] == true);
}

TEST_CASE("Reload: a pool with a share may not go") {
  Deploy deploy;
  Config config = shop_config();
  config.services[0].pools.erase(config.services[0].pools.begin());
  const auto heard = reload(deploy, config);
  CHECK(heard->code() == "config_invalid");
  CHECK(heard->message().find("blue") != std::string::npos);
  CHECK(deploy.control->config().config.services[0].pools.size() == 2);
  CHECK(deploy.data_plane.commits == 0);
  deploy.until([&] { return deploy.last_line()["event"] == "reload_refused"; });
  CHECK(deploy.last_line()["by"] == "ci");
}

TEST_CASE("Reload: a listener that cannot be bound refuses it whole") {
  Deploy deploy;
  deploy.data_plane.port_in_use = true;
  const auto generation = deploy.control->snapshot()->generation;
  CHECK(reload(deploy, shop_config())->code() == "config_invalid");
  CHECK(deploy.control->snapshot()->generation == generation);
}

TEST_CASE("Reload: a changed initial warns, keys that need a restart are named") {
  Deploy deploy;
  Config config = shop_config();
  config.services[0].initial = split_of({"green"});
  config.workers = 7;
  const auto heard = reload(deploy, config);
  REQUIRE(heard->ok());
  CHECK(heard->result["warnings"].size() == 1);
  CHECK(heard->result["restart_needed"] == Json{"workers"});
  CHECK(deploy.routed() == "blue");
}

TEST_CASE("Reload: a pool taken away during a gate is not switched to") {
  Deploy deploy;
  deploy.prober.withhold = true;
  SwitchCommand command = deploy.to({"green"});
  command.timeout = std::chrono::seconds(2);
  command.force = false;
  const auto heard = deploy.begin(command);
  Config config = shop_config();
  config.services[0].pools.pop_back();
  CHECK(reload(deploy, config)->ok());
  deploy.finished(heard);
  CHECK_FALSE(heard->ok());
  CHECK(deploy.routed() == "blue");
}

TEST_CASE("Reload: whenever it meets a switch, what serves is configured") {
  for (int turns = -16; turns < 16; ++turns) {
    CAPTURE(turns);  // by which the reload comes later
    Deploy deploy;
    const auto pass = [&](int count) {
      int turn = 0;
      deploy.until([&] { return ++turn > count; });
    };
    deploy.next_config = shop_config();
    deploy.next_config.services[0].pools.pop_back();
    const auto reloaded = std::make_shared<Heard>();
    if (turns < 0) deploy.control->reload(deploy.caller, reloaded);
    if (turns < 0) pass(-turns);
    const auto switched = deploy.begin_switch({"green"});
    if (turns >= 0) pass(turns);
    if (turns >= 0) deploy.control->reload(deploy.caller, reloaded);
    deploy.finished(reloaded);
    deploy.finished(switched);
    CHECK(switched->ok() != reloaded->ok());
    CHECK(deploy.routed() == (switched->ok() ? "green" : "blue"));
    CHECK(deploy.control->snapshot()->find_service("shop")->find_pool(deploy.routed()) != nullptr);
  }
}

TEST_CASE("Reload: a pool added while `all` is being checked is not switched to unchecked") {
  Deploy deploy;
  deploy.health("green", Health::Down);
  SwitchCommand command = deploy.to({"all"});
  command.healthy_within = std::chrono::minutes(1);
  const auto heard = deploy.begin(command);
  deploy.until([&] { return heard->words.size() >= 2; });
  Config config = shop_config();
  config.services[0].pools.push_back(pool_of("red", {"10.0.0.31:80"}));
  CHECK(reload(deploy, config)->ok());
  deploy.health("green", Health::Up);
  deploy.finished(heard);
  CHECK(heard->code() == "conflict");
  CHECK(heard->message().find("a reload changed the servers") == 0);
  CHECK(deploy.routed() == "blue");
}

TEST_CASE("Reload: whenever it meets a switch, what is switched to was checked") {
  for (int turns = 0; turns < 16; ++turns) {
    CAPTURE(turns);  // by which the switch comes later
    Deploy deploy;
    deploy.next_config = shop_config();
    ServerConfig& moved = deploy.next_config.services[0].pools[1].servers[0];
    moved.address = *SocketAddress::parse("10.0.0.77:80", SocketAddress::EmptyHost::Loopback);
    deploy.control->reload(deploy.caller, std::make_shared<Heard>());
    int turn = 0;
    deploy.until([&] { return ++turn > turns; });
    bool is_switched = false;
    deploy.prober.on_sync = [&] {
      const Service& shop = *deploy.prober.known->find_service("shop");
      if (!shop.split.is_active("green") || std::exchange(is_switched, true)) return;
      for (const Server& server : shop.find_pool("green")->servers) {
        CHECK(server.state->health() == Health::Up);
      }
    };
    const auto switched = deploy.begin_switch({"green"});
    deploy.finished(switched);
    CHECK(is_switched == switched->ok());
    deploy.prober.on_sync = nullptr;
    deploy.settle();
  }
}

TEST_CASE("Reload: when the daemon stops, it ends, and opens no listener any more") {
  for (int turns = 0; turns < 16; ++turns) {
    CAPTURE(turns);  // by which the end comes later
    Deploy deploy;
    deploy.next_config = shop_config();
    const auto heard = std::make_shared<Heard>();
    deploy.control->reload(deploy.caller, heard);
    int turn = 0;
    deploy.until([&] { return ++turn > turns; });
    const unsigned commits = deploy.data_plane.commits;
    bool stopped = false;
    deploy.control->stop([&] { stopped = true; });
    deploy.until([&] { return stopped; });
    deploy.finished(heard);
    CHECK(deploy.data_plane.commits == commits);
    CHECK(heard->ok() == (commits == 1));
    deploy.settle();
    CHECK(deploy.data_plane.commits == commits);
  }
}
