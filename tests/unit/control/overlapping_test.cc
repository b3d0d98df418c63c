#include "unit/control/deploy_vocabulary.h"

using namespace tealgate;
using namespace std::chrono_literals;

TEST_CASE("Overlap: a switch during a drain disarms the drain of what it brings back: exit 9") {
  Deploy deploy;
  deploy.in_flight("blue", 3);
  SwitchCommand command = deploy.to({"green"});
  command.drain = 60ms;
  const auto first = deploy.begin(command);
  deploy.until([&] { return first->has("draining"); });
  const Json second = deploy.switch_to({"blue"});
  CHECK(second["ok"] == true);
  deploy.finished(first);
  CHECK(first->code() == "superseded");
  CHECK(first->result["error"]["exit"] == 9);
  CHECK(first->message().find("taken back by ci") != std::string::npos);
  const Json told = *deploy.control->operation(first->operation);
  CHECK(told["superseded"] == true);
  CHECK(told["drain"]["drained"] == false);
  CHECK(told["drain"]["left"] == 3);
  deploy.settle();
  CHECK(deploy.data_plane.orders.empty());
}

TEST_CASE("Overlap: blue, green, blue, green: only the last drain cuts, and only what is older") {
  Deploy deploy;
  deploy.in_flight("blue", 1);
  const auto first = deploy.begin_switch({"green"});
  deploy.until([&] { return first->has("draining"); });
  deploy.in_flight("green", 1);
  const auto second = deploy.begin_switch({"blue"});
  deploy.until([&] { return second->has("draining"); });
  SwitchCommand command = deploy.to({"green"});
  command.drain = 40ms;
  const auto third = deploy.begin(command);
  deploy.until([&] { return !deploy.data_plane.orders.empty(); });
  const std::uint64_t generation = deploy.control->snapshot()->generation;
  for (const CutOrder& order : deploy.data_plane.orders) {
    CHECK(order.claimed_before == generation);
    CHECK(order.kind == CutKind::Waiting);
    CHECK(order.servers[0]->counts().in_flight == 1);
  }
  deploy.in_flight("blue", 0);
  deploy.finished(first);
  deploy.finished(second);
  deploy.finished(third);
  CHECK(first->code() == "superseded");
  CHECK(second->code() == "superseded");
  CHECK(third->result["superseded"] == false);
  CHECK(third->result["drain"]["drained"] == true);
  CHECK(deploy.data_plane.orders.size() == 1);
}

TEST_CASE("Overlap: streams of all that a switch leaves out are closed by one order") {
  Config config = shop_config();
  config.services[0].pools[0] = pool_of("blue", {"10.0.0.11:80", "10.0.0.12:80"});
  Deploy deploy(config);
  for (const Server& server : deploy.control->snapshot()->find_service("shop")->pools[0].servers) {
    server.state->cell(0).in_flight.store(1);
  }
  const auto heard = deploy.begin_switch({"green"});
  deploy.until([&] { return !deploy.data_plane.closes.empty(); });
  deploy.settle();
  REQUIRE(deploy.data_plane.closes.size() == 1);
  const CloseOrder& order = deploy.data_plane.closes[0];
  CHECK(order.servers.size() == 2);
  CHECK(order.over == 60s);
  CHECK(order.claimed_before == deploy.control->snapshot()->generation);
}

TEST_CASE("Overlap: a drain of a pool that is not brought back goes on") {
  Config config = shop_config();
  config.services[0].pools.push_back(pool_of("red", {"10.0.0.31:80"}));
  Deploy deploy(config);
  deploy.in_flight("blue", 1);
  const auto first = deploy.begin_switch({"green"});
  deploy.until([&] { return first->has("draining"); });
  CHECK(deploy.switch_to({"red"})["ok"] == true);
  CHECK_FALSE(first->is_finished);
  deploy.in_flight("blue", 0);
  deploy.finished(first);
  CHECK(first->result["superseded"] == true);
  CHECK(first->result["drain"]["drained"] == true);
}

TEST_CASE("Overlap: until switched returns at the announcement, the drain goes on") {
  Deploy deploy;
  deploy.in_flight("blue", 1);
  SwitchCommand command = deploy.to({"green"});
  command.until = Until::Switched;
  const auto heard = deploy.begin(command);
  deploy.finished(heard);
  CHECK(heard->result["drain"].is_null());
  CHECK(deploy.control->running_operation("shop")->phase == Phase::Draining);
  deploy.in_flight("blue", 0);
  deploy.until([&] { return !deploy.control->running_operation("shop"); });
}

TEST_CASE("Rollback: it undoes the last switch, once") {
  Deploy deploy;
  const Json switched = deploy.switch_to({"green"});
  CHECK(deploy.control->rollback_preview("shop").possible);
  const auto heard = deploy.begin_rollback();
  deploy.finished(heard);
  CHECK(heard->result["undid"] == switched["operation"]);
  CHECK(deploy.routed() == "blue");
  const auto again = deploy.begin_rollback();
  deploy.finished(again);
  CHECK(again->ok());
  CHECK(again->result["changed"] == false);
  CHECK(again->result["by"] == "anna");
  CHECK_FALSE(deploy.control->rollback_preview("shop").to);
}

TEST_CASE("Rollback: there must be something to undo, and the operation named must be it") {
  Deploy deploy;
  const auto nothing = deploy.begin_rollback();
  deploy.finished(nothing);
  CHECK(nothing->code() == "conflict");
  deploy.switch_to({"green"});
  RollbackCommand command;
  command.undo = "another";
  const auto other = deploy.begin_rollback(command);
  deploy.finished(other);
  CHECK(other->code() == "conflict");
  CHECK(deploy.routed() == "green");
}

TEST_CASE("Rollback: one server up a pool suffices, none does not") {
  Deploy deploy;
  deploy.switch_to({"green"});
  deploy.health("blue", Health::Down);
  const auto refused = deploy.begin_rollback();
  deploy.finished(refused);
  CHECK(refused->code() == "gate_refused");
  deploy.health("blue", Health::Up);
  deploy.health("10.0.0.11:80", Health::Down);
  const auto heard = deploy.begin_rollback();
  deploy.finished(heard);
  CHECK(heard->ok());
}

TEST_CASE("Rollback: to a revision goes back to its split") {
  Deploy deploy;
  deploy.switch_to({"green"});
  deploy.switch_to({"blue", "green"});
  RollbackCommand command;
  command.to_revision = 2;
  const auto heard = deploy.begin_rollback(command);
  deploy.finished(heard);
  CHECK(deploy.routed() == "green");
  command.to_revision = 77;
  CHECK(deploy.begin_rollback(command)->code() == "unknown");
}

TEST_CASE("Rollback: a switch that still drains ends with what became of it") {
  Deploy deploy;
  deploy.in_flight("blue", 1);
  const auto first = deploy.begin_switch({"green"});
  deploy.until([&] { return first->has("draining"); });
  deploy.finished(deploy.begin_rollback());
  deploy.finished(first);
  CHECK(first->code() == "superseded");
  CHECK(first->result["error"]["exit"] == 9);
  CHECK(first->message().find("anna") != std::string::npos);
  const auto lines = deploy.control->history("", 100);
  CHECK(std::any_of(lines.begin(), lines.end(),
                    [](const Json& line) { return line.value("verdict", "") == "rolled_back"; }));
}

TEST_CASE("Rollback: it waits for the announcement of a switch past decide, and undoes that") {
  Deploy deploy;
  deploy.workers[0]->withhold(true);
  const auto first = deploy.begin_switch({"green"});
  deploy.until([&] { return first->has("published"); });
  const auto rollback = deploy.begin_rollback();
  CHECK(rollback->has("waiting"));
  deploy.settle();
  CHECK_FALSE(rollback->is_finished);
  deploy.workers[0]->withhold(false);
  deploy.finished(rollback);
  CHECK(rollback->result["undid"] == first->operation);
  CHECK(deploy.routed() == "blue");
}
