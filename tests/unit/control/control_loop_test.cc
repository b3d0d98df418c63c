#include "control/control_loop.h"

#include "unit/control/deploy_vocabulary.h"

using namespace tealgate;
using namespace std::chrono_literals;

TEST_CASE("Switch: it moves traffic, says how, and is recorded") {
  Deploy deploy;
  const auto heard = deploy.begin_switch({"green"});
  deploy.finished(heard);
  REQUIRE(heard->ok());
  CHECK(heard->result["changed"] == true);
  CHECK(heard->result["from"] == Json{"blue"});
  CHECK(heard->result["to"] == Json{"green"});
  CHECK(heard->result["revision"] == 2);
  CHECK(heard->result["gate"] == "2 of 2 up: GET /health");
  CHECK(heard->result["drain"]["drained"] == true);
  CHECK(heard->words ==
        std::vector<std::string>{"gate", "gate", "decided", "published", "announced"});
  CHECK(deploy.routed() == "green");
  CHECK(deploy.events() == std::vector<std::string>{"decided", "decided", "finished"});
}

TEST_CASE("Switch: a refused gate changes nothing and says why") {
  Deploy deploy;
  deploy.health("10.0.0.22:80", Health::Down);
  const Json result = deploy.switch_to({"green"});
  CHECK(result["error"]["code"] == "gate_refused");
  CHECK(result["error"]["exit"] == 4);
  const std::string message = result["error"]["message"];
  CHECK(message.find("green refused: 1 of 2 up; 10.0.0.22:80") == 0);
  CHECK(result["error"]["details"].size() == 2);
  CHECK(deploy.routed() == "blue");
  CHECK(deploy.shop().revision == 1);
  CHECK(deploy.last_line()["event"] == "refused");
}

TEST_CASE("Switch: force skips the gate and is recorded") {
  Deploy deploy;
  deploy.health("green", Health::Down);
  SwitchCommand command = deploy.to({"green"});
  command.force = true;
  const auto heard = deploy.begin(command);
  deploy.finished(heard);
  CHECK(heard->result["forced"] == true);
  CHECK(deploy.routed() == "green");
  CHECK(deploy.control->history("", 2)[0]["forced"] == true);
}

TEST_CASE("Switch: it is not announced before every worker has adopted it") {
  Deploy deploy;
  deploy.workers[1]->withhold(true);
  const auto heard = deploy.begin_switch({"green"});
  deploy.until([&] { return heard->has("published"); });
  deploy.settle();
  CHECK_FALSE(heard->has("announced"));
  CHECK(deploy.control->running_operation("shop")->phase == Phase::Adopting);
  deploy.workers[1]->withhold(false);
  deploy.finished(heard);
  CHECK(heard->has("announced"));
}

TEST_CASE("Switch: state and history are on disk before the snapshot is published") {
  Deploy deploy;
  std::string state, history;
  deploy.prober.on_sync = [&] {
    state = deploy.folder.read("state.json");
    history = deploy.folder.read("history.jsonl");
  };
  deploy.switch_to({"green"});
  CHECK(Json::parse(state)["services"]["shop"]["split"] == Json{"green"});
  CHECK(history.find("\"revision\":2") != std::string::npos);
}

TEST_CASE("Switch: a pool of which no server is ready is refused with the way to make one so") {
  Deploy deploy;
  for (const char* server : {"10.0.0.21:80", "10.0.0.22:80"}) {
    ServerStateCommand command;
    command.pool = "green";
    command.server = server;
    command.state = AdminState::Maint;
    deploy.finished(deploy.set_state(command));
  }
  const Json result = deploy.switch_to({"green"});
  CHECK(result["error"]["code"] == "gate_refused");
  CHECK(result["error"]["hint"] == "tealgate ready shop/green/10.0.0.21:80");
}

TEST_CASE("Switch: a decision that cannot be stored is refused and changes nothing") {
  Deploy deploy;
  std::filesystem::create_directory(deploy.folder.file("state.json.new"));
  const Json result = deploy.switch_to({"green"});
  CHECK(result["error"]["code"] == "internal");
  CHECK(deploy.split() == "blue");
  CHECK(deploy.routed() == "blue");
  std::filesystem::remove(deploy.folder.file("state.json.new"));
  CHECK(deploy.switch_to({"green"})["ok"] == true);
}

TEST_CASE("Switch: what is already so changes nothing, whatever the compare says") {
  Deploy deploy;
  SwitchCommand command = deploy.to({"blue"});
  command.if_revision = 99;
  const auto heard = deploy.begin(command);
  deploy.finished(heard);
  CHECK(heard->ok());
  CHECK(heard->result["changed"] == false);
  CHECK(heard->result["revision"] == 1);
  CHECK(deploy.events().size() == 1);
}

TEST_CASE("Switch: already so while that switch drains, it waits for its result") {
  Deploy deploy;
  deploy.in_flight("blue", 3);
  const auto first = deploy.begin_switch({"green"});
  deploy.until([&] { return first->has("draining"); });
  const auto second = deploy.begin_switch({"green"});
  deploy.settle();
  CHECK_FALSE(second->is_finished);
  deploy.in_flight("blue", 0);
  deploy.finished(first);
  deploy.finished(second);
  CHECK(first->result["changed"] == true);
  CHECK(second->result["changed"] == false);
  CHECK(second->result["operation"] == first->operation);
  CHECK(second->result["drain"]["finished"] == 3);
}

TEST_CASE("Switch: compares are refused as conflicts") {
  Deploy deploy;
  SwitchCommand by_revision = deploy.to({"green"});
  by_revision.if_revision = 7;
  SwitchCommand by_pool = deploy.to({"green"});
  by_pool.if_active = std::vector<std::string>{"green"};
  for (const SwitchCommand& command : {by_revision, by_pool}) {
    const auto heard = deploy.begin(command);
    deploy.finished(heard);
    CHECK(heard->code() == "conflict");
  }
  SwitchCommand right = deploy.to({"green"});
  right.if_revision = 1;
  right.if_active = std::vector<std::string>{"blue"};
  const auto heard = deploy.begin(right);
  deploy.finished(heard);
  CHECK(heard->ok());
}

TEST_CASE("Switch: unknown names and bad shares are refused at once") {
  Deploy deploy;
  CHECK(deploy.begin_switch({"gren"})->code() == "unknown");
  CHECK(deploy.begin_switch({"blue=90", "green=20"})->code() == "usage");
  SwitchCommand other = deploy.to({"green"});
  other.service = "shopp";
  CHECK(deploy.begin(other)->code() == "unknown");
}

TEST_CASE("Switch: another before the announcement is a conflict that names the holder") {
  Deploy deploy;
  deploy.workers[0]->withhold(true);
  const auto first = deploy.begin_switch({"green"});
  deploy.until([&] { return first->has("published"); });
  const auto second = deploy.begin_switch({"blue", "green"});
  deploy.finished(second);
  CHECK(second->code() == "conflict");
  CHECK(second->message().find("ci is switching shop to green") != std::string::npos);
  deploy.workers[0]->withhold(false);
  deploy.finished(first);
}

TEST_CASE("Switch: with lock_wait it waits for the announcement of the one before") {
  Deploy deploy;
  deploy.workers[0]->withhold(true);
  const auto first = deploy.begin_switch({"green"});
  deploy.until([&] { return first->has("published"); });
  SwitchCommand command = deploy.to({"blue", "green"});
  command.lock_wait = 1min;
  const auto second = deploy.begin(command);
  CHECK(second->has("waiting"));
  deploy.settle();
  CHECK_FALSE(second->has("gate"));
  deploy.workers[0]->withhold(false);
  deploy.finished(second);
  CHECK(second->ok());
  CHECK(deploy.routed() == "blue green");
}

TEST_CASE("Switch: healthy_within waits for the gate") {
  Deploy deploy;
  deploy.health("green", Health::Down);
  SwitchCommand command = deploy.to({"green"});
  command.healthy_within = 1min;
  const auto heard = deploy.begin(command);
  deploy.until([&] { return heard->words.size() >= 2; });
  deploy.health("green", Health::Up);
  deploy.finished(heard);
  CHECK(heard->ok());
}

TEST_CASE("Switch: the timeout bounds what comes before decide") {
  Deploy deploy;
  deploy.prober.withhold = true;
  SwitchCommand command = deploy.to({"green"});
  command.timeout = 40ms;
  const auto heard = deploy.begin(command);
  deploy.finished(heard);
  CHECK(heard->code() == "timed_out");
  CHECK(deploy.routed() == "blue");
}

TEST_CASE("Switch: a dry run asks the gate and changes nothing") {
  Deploy deploy;
  SwitchCommand command = deploy.to({"green"});
  command.dry_run = true;
  const auto heard = deploy.begin(command);
  deploy.finished(heard);
  CHECK(heard->result["dry_run"] == true);
  CHECK(heard->result["changed"] == false);
  CHECK(heard->result["gate"] == "2 of 2 up: GET /health");
  CHECK(deploy.routed() == "blue");
}

TEST_CASE("Switch: when the daemon stops, whoever is refused is told before the end") {
  Deploy deploy;
  deploy.prober.withhold = true;
  const auto heard = deploy.begin_switch({"green"});
  bool stopped = false;
  deploy.control->stop([&] {
    stopped = true;
    CHECK(heard->is_finished);
  });
  deploy.until([&] { return stopped; });
  CHECK(heard->code() == "internal");
}

TEST_CASE(
    "Switch: one that has decided when the daemon stops is told and recorded before the end") {
  for (const bool is_published : {false, true}) {
    CAPTURE(is_published);
    Deploy deploy;
    deploy.workers[0]->withhold(is_published);
    SwitchCommand command = deploy.to({"green"});
    command.force = true;
    const auto heard = deploy.begin(command);
    if (is_published) deploy.until([&] { return heard->has("published"); });
    bool stopped = false;
    deploy.control->stop([&] { stopped = true; });
    if (is_published) {
      deploy.settle();
      CHECK_FALSE(stopped);
      deploy.workers[0]->withhold(false);
    }
    deploy.until([&] { return stopped; });
    REQUIRE(heard->is_finished);
    CHECK(heard->ok());
    CHECK(deploy.events().back() == "finished");
  }
}

TEST_CASE("Switch: what was to be recorded when everything ends at once is recorded") {
  Deploy deploy;
  deploy.prober.withhold = true;
  SwitchCommand command = deploy.to({"green"});
  command.operation = "cut-off";
  deploy.begin(command);
  deploy.control->stop();
  deploy.stop();
  const std::string history = deploy.folder.read("history.jsonl");
  CHECK(history.find("\"operation\":\"cut-off\"") != std::string::npos);
}

TEST_CASE("Switch: a caller that leaves before decide takes its switch along") {
  Deploy deploy;
  deploy.prober.withhold = true;
  const auto heard = deploy.begin_switch({"green"});
  deploy.control->detach(*heard);
  deploy.prober.withhold = false;
  CHECK(deploy.switch_to({"blue", "green"})["ok"] == true);
  CHECK_FALSE(heard->is_finished);
}

TEST_CASE("Switch: a caller that leaves after decide does not stop it") {
  Deploy deploy;
  const auto heard = deploy.begin_switch({"green"});
  deploy.until([&] { return heard->has("published"); });
  deploy.control->detach(*heard);
  deploy.until([&] { return deploy.events().back() == "finished"; });
  CHECK(deploy.routed() == "green");
  CHECK_FALSE(heard->is_finished);
}

TEST_CASE("Switch: when the daemon stops, it is told that its drain was not over") {
  Deploy deploy;
  deploy.in_flight("blue", 2);
  const auto heard = deploy.begin_switch({"green"});
  deploy.until([&] { return heard->has("draining"); });
  deploy.control->stop();
  deploy.finished(heard);
  CHECK(heard->code() == "interrupted");
  CHECK(heard->message().find("shop, revision 2") != std::string::npos);
  CHECK(deploy.last_line()["verdict"] == "interrupted");
  CHECK(deploy.last_line()["drain"]["left"] == 2);
  CHECK(deploy.switch_to({"blue"})["error"]["code"] == "internal");
  CHECK(deploy.routed() == "green");
}

TEST_CASE("Server: it is drained until nothing is in flight, and comes back") {
  Deploy deploy;
  deploy.in_flight("blue", 2);
  ServerStateCommand command;
  command.pool = "blue";
  command.server = "10.0.0.11:80";
  command.state = AdminState::Drain;
  command.until = Until::Drained;
  const auto heard = deploy.set_state(command);
  deploy.until([&] { return heard->has("draining"); });
  CHECK_FALSE(heard->is_finished);
  deploy.in_flight("blue", 0);
  deploy.finished(heard);
  CHECK(heard->result["drain"]["finished"] == 2);
  CHECK(heard->result["revision"] == 2);
  command.state = AdminState::Ready;
  const auto back = deploy.set_state(command);
  deploy.finished(back);
  CHECK(back->result["state"] == "ready");
  CHECK(deploy.shop().servers.empty());
}

TEST_CASE("Server: the last that serves is not drained without force") {
  Deploy deploy;
  ServerStateCommand command;
  command.pool = "blue";
  command.server = "10.0.0.11:80";
  command.state = AdminState::Maint;
  deploy.finished(deploy.set_state(command));
  command.server = "10.0.0.12:80";
  const auto refused = deploy.set_state(command);
  deploy.finished(refused);
  CHECK(refused->code() == "gate_refused");
  command.force = true;
  const auto forced = deploy.set_state(command);
  deploy.finished(forced);
  CHECK(forced->ok());
}

TEST_CASE("Wait: it counts fresh checks, and says after its timeout what is missing") {
  Deploy deploy;
  WaitCommand command;
  command.service = "shop";
  command.pool = "green";
  const auto up = std::make_shared<Heard>();
  deploy.control->wait(command, deploy.caller, up);
  deploy.finished(up);
  CHECK(up->result["up"] == 2);
  CHECK(up->result["of"] == 2);
  deploy.health("10.0.0.22:80", Health::Down);
  command.timeout = 40ms;
  const auto late = std::make_shared<Heard>();
  deploy.control->wait(command, deploy.caller, late);
  deploy.finished(late);
  CHECK(late->code() == "timed_out");
  CHECK(late->message().find("10.0.0.22:80") != std::string::npos);
  command.healthy = 1;
  command.timeout = 10s;
  const auto one = std::make_shared<Heard>();
  deploy.control->wait(command, deploy.caller, one);
  deploy.finished(one);
  CHECK(one->ok());
}

TEST_CASE("Switch: a pool that goes on serving beside another is not drained") {
  Deploy deploy;
  deploy.in_flight("blue", 3);
  const auto heard = deploy.begin_switch({"blue", "green"});
  deploy.finished(heard);
  CHECK(heard->ok());
  CHECK_FALSE(heard->has("draining"));
  deploy.in_flight("blue", 0);
}
