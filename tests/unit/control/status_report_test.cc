#include "control/status_report.h"

#include "unit/control/deploy_vocabulary.h"

using namespace tealgate;

namespace {

// A service of pools with servers that are all up.
Service service_of(std::vector<std::pair<std::string, std::vector<unsigned>>> pools,
                   std::vector<Split::Entry> split) {
  Service service;
  service.name = "shop";
  for (const auto& [name, weights] : pools) {
    Pool pool{name, {}};
    for (unsigned weight : weights) {
      Server server;
      server.name = name + std::to_string(pool.servers.size());
      server.weight = weight;
      server.state = std::make_shared<ServerState>(1);
      server.state->set_health(Health::Up);
      pool.servers.push_back(server);
    }
    service.pools.push_back(std::move(pool));
  }
  service.split.entries = std::move(split);
  return service;
}

using Shares = std::map<std::string, unsigned>;

}  // namespace

TEST_CASE("Status: pools without percentages share by the weight of their servers") {
  CHECK(shares_of(service_of({{"blue", {1, 1}}, {"green", {1}}}, {{"blue", {}}, {"green", {}}})) ==
        Shares{{"blue", 67}, {"green", 33}});
  CHECK(shares_of(service_of({{"blue", {1}}, {"green", {1}}}, {{"green", {}}})) ==
        Shares{{"blue", 0}, {"green", 100}});
  CHECK(shares_of(
            service_of({{"a", {1}}, {"b", {1}}, {"c", {1}}}, {{"a", {}}, {"b", {}}, {"c", {}}})) ==
        Shares{{"a", 33}, {"b", 34}, {"c", 33}});
}

TEST_CASE("Status: servers in drain or maint have no part in the shares") {
  Service service = service_of({{"blue", {1, 1}}, {"green", {1}}}, {{"blue", {}}, {"green", {}}});
  service.pools[0].servers[0].admin = AdminState::Drain;
  CHECK(shares_of(service) == Shares{{"blue", 50}, {"green", 50}});
}

TEST_CASE("Status: percentages are told as they are") {
  CHECK(shares_of(service_of({{"blue", {1}}, {"green", {9}}}, {{"blue", 90}, {"green", 10}})) ==
        Shares{{"blue", 90}, {"green", 10}});
}

TEST_CASE("Status: a service is as its worst active pool; a standby pool is off, not down") {
  Service service = service_of({{"blue", {1, 1}}, {"green", {1}}}, {{"blue", {}}});
  CHECK(state_of(service) == PoolState::Ok);
  service.pools[1].servers[0].state->set_health(Health::Down);
  CHECK(state_of(service, service.pools[1]) == PoolState::Off);
  CHECK(state_of(service) == PoolState::Ok);
  service.pools[0].servers[0].admin = AdminState::Maint;
  CHECK(state_of(service) == PoolState::Degraded);
  service.pools[0].servers[1].state->set_health(Health::Unknown);
  CHECK(state_of(service) == PoolState::Down);
  service.split.entries = {{"blue", {}}, {"green", {}}};
  service.pools[0].servers[1].state->set_health(Health::Up);
  CHECK(state_of(service, service.pools[1]) == PoolState::Down);
  CHECK(state_of(service) == PoolState::Down);
}

TEST_CASE("Status: the report has what the contract names") {
  Deploy deploy;
  SwitchCommand command = deploy.to({"green"});
  command.label = "v1.4.2";
  command.reason = "release";
  deploy.finished(deploy.begin(command));
  deploy.in_flight("green", 3);
  const Json status = status_object(*deploy.control, {"0.1.0", 7, WallTime{}});
  CHECK(status["ok"] == true);
  CHECK(status["version"] == "0.1.0");
  CHECK(status["workers"] == 2);
  const Json& shop = status["services"]["shop"];
  CHECK(shop["revision"] == 2);
  CHECK(shop["split"] == Json{"green"});
  CHECK(shop["shares"] == Json{{"blue", 0}, {"green", 100}});
  CHECK(shop["active"] == Json{"green"});
  CHECK(shop["idle"] == Json{"blue"});
  CHECK(shop["by"] == "ci");
  CHECK(shop["label"] == "v1.4.2");
  CHECK(shop["reason"] == "release");
  CHECK(shop["operation"] == nullptr);
  CHECK(shop["lock"] == nullptr);
  CHECK(shop["rollback"]["to"] == Json{"blue"});
  CHECK(shop["rollback"]["possible"] == true);
  CHECK(shop["initial"] == Json{"blue"});
  const Json& green = shop["pools"][1];
  CHECK(green["name"] == "green");
  CHECK(green["label"] == "v1.4.2");
  CHECK(green["up"] == 2);
  CHECK(green["of"] == 2);
  const Json& server = green["servers"][0];
  CHECK(server["health"] == "up");
  CHECK(server["admin"] == "ready");
  CHECK(server["in_flight"] == 3);
  CHECK(server["check"]["what"] == "GET /health");
  CHECK(server["check"]["status"] == 200);
}

TEST_CASE("Status: an expired lock is no lock") {
  Deploy deploy;
  LockCommand command;
  command.service = "shop";
  command.ttl = std::chrono::milliseconds(50);
  const auto heard = std::make_shared<Heard>();
  deploy.control->lock(command, {"bob", {}, {}, {}}, heard);
  deploy.finished(heard);
  deploy.until([&] { return service_object(*deploy.control, "shop")["lock"].is_null(); });
  CHECK(deploy.shop().lock);
}

TEST_CASE("Status: an unknown service is null") {
  Deploy deploy;
  CHECK(service_object(*deploy.control, "nope").is_null());
  CHECK(service_object(*deploy.control, "shop")["name"] == "shop");
}
