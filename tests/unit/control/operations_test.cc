// Operations by their ids: asked for twice, attached to, forgotten, and found in the history.
#include "control/control_loop.h"

#include "unit/control/deploy_vocabulary.h"

using namespace tealgate;
using namespace std::chrono_literals;

TEST_CASE("Switch: the same id twice is one operation") {
  Deploy deploy;
  SwitchCommand command = deploy.to({"green"});
  command.operation = "release-7";
  const auto first = deploy.begin(command);
  const auto second = deploy.begin(command);
  deploy.finished(first);
  deploy.finished(second);
  const auto third = deploy.begin(command);
  CHECK(third->is_finished);
  CHECK(first->result == second->result);
  CHECK(first->result == third->result);
  CHECK(deploy.shop().revision == 2);
  const auto attached = std::make_shared<Heard>();
  deploy.control->attach("release-7", attached);
  CHECK(attached->result == first->result);
}

TEST_CASE("Switch: an id that stands for something else is a conflict") {
  Deploy deploy;
  SwitchCommand command = deploy.to({"green"});
  command.operation = "release-7";
  deploy.finished(deploy.begin(command));
  command.to = {"blue"};
  const auto other_pool = deploy.begin(command);
  CHECK(other_pool->code() == "conflict");
  CHECK(other_pool->message().find("a switch to green of shop") != std::string::npos);
  RollbackCommand rollback;
  rollback.operation = "release-7";
  CHECK(deploy.begin_rollback(rollback)->code() == "conflict");
  ServerStateCommand drain;
  drain.pool = "green";
  drain.server = "10.0.0.21:80";
  drain.state = AdminState::Drain;
  drain.operation = "release-7";
  CHECK(deploy.set_state(drain)->code() == "conflict");
  CHECK(deploy.routed() == "green");
}

TEST_CASE("Switch: after a restart its id is still answered, from the history") {
  Deploy deploy;
  const auto ask = [&](const char* id) {
    const auto heard = std::make_shared<Heard>();
    deploy.control->attach(id, heard);
    return heard;
  };
  SwitchCommand command = deploy.to({"green"});
  command.operation = "done";
  deploy.finished(deploy.begin(command));
  deploy.health("blue", Health::Down);
  command = deploy.to({"blue"});
  command.operation = "refused";
  deploy.finished(deploy.begin(command));
  deploy.health("blue", Health::Up);
  deploy.in_flight("green", 1);
  command.operation = "cut short";
  const auto draining = deploy.begin(command);
  deploy.until([&] { return draining->has("draining"); });
  deploy.restart_on(deploy.copy_of_state());
  CHECK(ask("done")->ok());
  CHECK(ask("done")->result["to"] == Json{"green"});
  CHECK(ask("refused")->code() == "gate_refused");
  CHECK(ask("cut short")->code() == "interrupted");
  CHECK(ask("cut short")->message().find("shop, revision 3") != std::string::npos);
  CHECK(ask("nobody's")->code() == "unknown");
}

TEST_CASE("Switch: after a restart the same id is still that operation") {
  Deploy deploy;
  SwitchCommand command = deploy.to({"green"});
  command.operation = "release-7";
  deploy.finished(deploy.begin(command));
  deploy.finished(deploy.begin_rollback());
  deploy.restart_on(deploy.folder.file("."));
  const auto again = deploy.begin(command);
  deploy.finished(again);
  CHECK(again->ok());
  CHECK(again->result["revision"] == 2);
  CHECK(deploy.routed() == "blue");
  command.to = {"blue", "green"};
  const auto another = deploy.begin(command);
  deploy.finished(another);
  CHECK(another->code() == "conflict");
  CHECK(another->message().find("a switch to green of shop") != std::string::npos);
}

TEST_CASE("Switch: after a restart its object is made of the history") {
  Deploy deploy;
  SwitchCommand command = deploy.to({"green"});
  command.operation = "release-7";
  command.label = "v7";
  deploy.finished(deploy.begin(command));
  Json before = *deploy.control->operation("release-7");
  deploy.restart_on(deploy.folder.file("."));
  Json after = deploy.control->operation("release-7").value_or(Json());
  REQUIRE(after.is_object());
  CHECK(after["result"]["revision"] == 2);
  before.erase("result");
  after.erase("result");
  CHECK(after.dump(1) == before.dump(1));
  CHECK_FALSE(deploy.control->operation("release-8"));
}

TEST_CASE("Switch: a dry run is another operation than the switch") {
  Deploy deploy;
  SwitchCommand command = deploy.to({"green"});
  command.operation = "build-1";
  command.dry_run = true;
  deploy.finished(deploy.begin(command));
  command.dry_run = false;
  const auto heard = deploy.begin(command);
  deploy.finished(heard);
  CHECK(heard->code() == "conflict");
  CHECK(heard->message().find("a dry run of a switch to green") != std::string::npos);
}

TEST_CASE("Rollback: what it is to undo belongs to the operation") {
  Deploy deploy;
  deploy.switch_to({"green"});
  RollbackCommand command;
  command.operation = "r1";
  command.undo = "nonsense";
  deploy.finished(deploy.begin_rollback(command));
  command.undo.reset();
  const auto heard = deploy.begin_rollback(command);
  deploy.finished(heard);
  CHECK(heard->message().find("a rollback of operation nonsense") != std::string::npos);
}

TEST_CASE("Switch: the last 200 operations are kept, older ones forgotten") {
  Deploy deploy;
  for (int i = 0; i < 201; ++i) {
    SwitchCommand command = deploy.to({"blue"});
    command.operation = "op-" + std::to_string(i);
    deploy.begin(command);
  }
  deploy.settle();
  CHECK_FALSE(deploy.control->operation("op-0"));
  CHECK(deploy.control->operation("op-1"));
}

TEST_CASE("Switch: one that drains for long keeps no later one from being forgotten") {
  Deploy deploy;
  deploy.in_flight("blue", 1);
  SwitchCommand command = deploy.to({"green"});
  command.operation = "drains";
  command.until = Until::Switched;
  deploy.finished(deploy.begin(command));
  for (int i = 0; i < 201; ++i) {
    command = deploy.to({"blue"});
    command.operation = "op-" + std::to_string(i);
    command.dry_run = true;  // which leaves no line in the history
    deploy.begin(command);
  }
  const auto newest = std::make_shared<Heard>();
  deploy.control->attach("op-200", newest);
  deploy.finished(newest);
  command.operation = "one more";
  deploy.finished(deploy.begin(command));
  deploy.settle();
  CHECK(deploy.control->operation("drains"));
  CHECK_FALSE(deploy.control->operation("op-0"));
  CHECK(deploy.control->operation("op-200"));
}

TEST_CASE("Switch: an id is one of its service alone") {
  Config config = shop_config();
  config.services.push_back(config.services.front());
  config.services.back().name = "blog";
  Deploy deploy(config);
  SwitchCommand command = deploy.to({"green"});
  command.operation = "release-7";
  deploy.finished(deploy.begin(command));
  command.service = "blog";
  command.to = {"blue", "green"};
  const auto other = deploy.begin(command);
  deploy.finished(other);
  CHECK(other->ok());
  CHECK(other->result["service"] == "blog");
  const auto check_both = [&] {
    CHECK(deploy.control->services_of_operation("release-7") ==
          std::set<std::string>{"blog", "shop"});
    for (const char* service : {"shop", "blog"}) {
      CAPTURE(std::string(service));
      CHECK(deploy.control->operation("release-7", service)->at("service") == service);
      const auto attached = std::make_shared<Heard>();
      deploy.control->attach("release-7", attached, service);
      CHECK(attached->result["service"] == service);
    }
  };
  check_both();
  deploy.restart_on(deploy.folder.file("."));
  check_both();
}

TEST_CASE("Switch: one that is over holds none of the servers that it gated and drained") {
  Deploy deploy;
  const auto state_of = [&](const char* pool) {
    return std::weak_ptr(
        deploy.control->snapshot()->find_service("shop")->find_pool(pool)->servers[0].state);
  };
  const auto blue = state_of("blue");
  const auto green = state_of("green");
  deploy.in_flight("blue", 1);
  SwitchCommand command = deploy.to({"green"});
  command.until = Until::Switched;
  deploy.finished(deploy.begin(command));
  deploy.in_flight("blue", 0);
  deploy.next_config = shop_config();
  for (auto& pool : deploy.next_config.services[0].pools) {
    pool.servers[0].address =
        *SocketAddress::parse("10.0.0.77:80", SocketAddress::EmptyHost::Loopback);
  }
  const auto reloaded = std::make_shared<Heard>();
  deploy.control->reload(deploy.caller, reloaded);
  deploy.finished(reloaded);
  deploy.settle();
  deploy.data_plane.closes.clear();
  CHECK(blue.use_count() == 0);
  CHECK(green.use_count() == 0);
}
