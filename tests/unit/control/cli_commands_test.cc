// Commands that change something: what they ask for, how they end, what they say.
#include "control/cli/commands.h"

#include "unit/control/cli_vocabulary.h"

using namespace tealgate;
using namespace tealgate::cli;
using namespace tealgate::cli_test;
using nlohmann::json;

TEST_CASE("Commands: the only service need not be named") {
  Invocation it;
  it.daemon.will_answer(status_of({"shop"}));
  it.daemon.will_answer(switched());
  CHECK(it.run({"switch", "green"}) == 0);
  CHECK(it.daemon.asked[1].method == "POST");
  CHECK(it.daemon.asked[1].path == "/v1/services/shop/switch");
  CHECK(it.daemon.body(1) == json{{"operation", "op-1"}, {"to", {"green"}}});
  CHECK(it.out.str() ==
        "shop: blue → green, revision 43, in 812 ms; gate: 2 of 2 up: GET /health; drained in 4.2 "
        "s: 37 finished, 0 cut\n");
}

TEST_CASE("Commands: with several services an unqualified command is a usage error") {
  Invocation it;
  it.daemon.will_answer(status_of({"api", "shop"}));
  CHECK(it.run({"switch", "green"}) == 2);
  CHECK(it.err.str().find("api, shop") != std::string::npos);
  CHECK(it.out.str().empty());
}

TEST_CASE("Commands: a service in the place of a pool is recognised") {
  Invocation it;
  it.daemon.will_answer(status_of({"shop"}));
  CHECK(it.run({"switch", "shop", "green"}) == 2);
  CHECK(it.err.str().find("did you mean `switch -s shop green`") != std::string::npos);
}

TEST_CASE("Commands: SERVICE/POOL names both") {
  Invocation it;
  it.daemon.will_answer(switched());
  CHECK(it.run({"switch", "shop/green"}) == 0);
  CHECK(it.daemon.asked[0].path == "/v1/services/shop/switch");
  CHECK(it.daemon.body(0)["to"] == json{"green"});
  CHECK(Invocation().run({"switch", "shop/green", "api/blue"}) == 2);
  CHECK(Invocation().run({"switch", "shop/green", "-s", "api"}) == 2);
}

TEST_CASE("Commands: the lock's token and the caller's operation id go along") {
  Invocation it;
  it.token = "T";
  it.daemon.will_answer(switched());
  CHECK(it.run({"switch", "green", "-s", "shop", "--operation", "mine", "--if-active", "blue"}) ==
        0);
  CHECK(it.daemon.body(0) ==
        json{{"operation", "mine"}, {"if_active", {"blue"}}, {"to", {"green"}}, {"lock", "T"}});
}

TEST_CASE("Commands: rollback's --to is a revision") {
  Invocation it;
  it.daemon.will_answer(switched());
  CHECK(it.run({"rollback", "-s", "shop", "--to", "41"}) == 0);
  CHECK(it.daemon.body(0) == json{{"operation", "op-1"}, {"to_revision", 41}});
}

TEST_CASE("Commands: the exit code is the one in the answer, and --json puts the error on stdout") {
  for (auto [code, exit] :
       {std::pair{"gate_refused", 4}, {"conflict", 5}, {"timed_out", 6}, {"superseded", 9}}) {
    Invocation it;
    it.daemon.will_answer(refused(code, exit), 422);
    CHECK(it.run({"switch", "green", "-s", "shop"}) == exit);
    CHECK(it.err.str() == "tealgate: no\n  try: tealgate status\n");
    CHECK(it.out.str().empty());

    Invocation in_json;
    in_json.daemon.will_answer(refused(code, exit), 422);
    CHECK(in_json.run({"switch", "green", "-s", "shop", "--json"}) == exit);
    CHECK(json::parse(in_json.out.str()) == refused(code, exit));
    CHECK(in_json.err.str().empty());
  }
}

TEST_CASE("Commands: a refused gate shows each server's evidence, without control characters") {
  Invocation it;
  json answer = refused("gate_refused", 4);
  answer["error"]["message"] = "green refused: 1 of 2 up";
  answer["error"]["details"] = {{{"pool", "green"},
                                 {"server", "big"},
                                 {"address", "10.0.0.22:8080"},
                                 {"check", "GET /health"},
                                 {"up", false},
                                 {"status", 503},
                                 {"error", ""},
                                 {"body", "db:\x1b[31m gone"},
                                 {"since_ms", 40000}}};
  it.daemon.will_answer(answer, 422);
  CHECK(it.run({"switch", "green", "-s", "shop"}) == 4);
  CHECK(it.err.str().find(
            "green/big (10.0.0.22:8080) down 40 s: GET /health → 503 \"db: [31m gone\"") !=
        std::string::npos);
}

TEST_CASE("Commands: a server in drain is named as such in a refusal, not as down") {
  Invocation it;
  json answer = refused("gate_refused", 4);
  answer["error"]["message"] = "green refused: 0 of 0 up";
  answer["error"]["details"] = {{{"pool", "green"},
                                 {"server", "big"},
                                 {"admin", "drain"},
                                 {"check", "GET /health"},
                                 {"up", false},
                                 {"status", 200},
                                 {"since_ms", 1300}}};
  it.daemon.will_answer(answer, 422);
  CHECK(it.run({"switch", "green", "-s", "shop"}) == 4);
  CHECK(it.err.str().find("  green/big in drain, does not count\n") != std::string::npos);
}

TEST_CASE("Commands: an unreachable daemon is exit 3, a lost one 14 with the way to ask again") {
  Invocation unreachable;
  unreachable.daemon.will_fail(Answer::Outcome::NotReachable);
  CHECK(unreachable.run({"switch", "green", "-s", "shop"}) == 3);
  CHECK(unreachable.err.str().find("/x.sock: gone") != std::string::npos);

  Invocation lost;
  lost.daemon.will_fail(Answer::Outcome::Lost);
  CHECK(lost.run({"switch", "green", "-s", "shop"}) == 14);
  CHECK(lost.err.str().find("try: tealgate wait --operation op-1") != std::string::npos);

  Invocation forbidden;
  forbidden.daemon.will_fail(Answer::Outcome::NotPermitted);
  CHECK(forbidden.run({"status"}) == 8);
}

TEST_CASE("Commands: an answer that is no object of ours is an error, not a success") {
  for (const char* body : {"", "hello", "[]", "{}", "{\"progress\":\"gate\"}"}) {
    Invocation it;
    it.daemon.answers.push_back({Answer::Outcome::Answered, 200, body, ""});
    CHECK(it.run({"switch", "green", "-s", "shop"}) == 1);
  }
}

TEST_CASE("Commands: an interrupted command prints the state and exits with 130") {
  Invocation it;
  it.daemon.will_fail(Answer::Outcome::Interrupted);
  json shop = json::parse(kShop);
  shop["ok"] = true;
  it.daemon.will_answer(shop);
  CHECK(it.run({"switch", "green", "-s", "shop"}) == 130);
  CHECK(it.daemon.asked[1].path == "/v1/services/shop");
  CHECK(it.out.str().find("revision 43") != std::string::npos);
  CHECK(it.err.str().find("tealgate wait --operation op-1") != std::string::npos);
}

TEST_CASE("Commands: an interrupted command that had not decided does not invite to attach to it") {
  Invocation it;
  it.daemon.will_fail(Answer::Outcome::Interrupted);
  json shop = json::parse(kShop);
  shop["ok"] = true;
  shop["operation"] = {{"id", "op-1"}, {"kind", "switch"}, {"phase", "gating"}, {"to", {"blue"}}};
  it.daemon.will_answer(shop);
  CHECK(it.run({"switch", "blue", "-s", "shop"}) == 130);
  CHECK(it.err.str().find("--operation") == std::string::npos);
  CHECK(it.err.str().find("the operation ends with its caller") != std::string::npos);
}

TEST_CASE("Commands: a second rollback says who undid it before") {
  Invocation it;
  it.daemon.will_answer({{"ok", true},
                         {"changed", false},
                         {"service", "shop"},
                         {"from", {"blue"}},
                         {"to", {"blue"}},
                         {"revision", 3},
                         {"by", "ann"}});
  CHECK(it.run({"rollback", "-s", "shop"}) == 0);
  CHECK(it.out.str() == "shop: nothing to do, already undone by ann: blue serves, revision 3\n");
}

TEST_CASE("Commands: each error of a config is told once") {
  Invocation it;
  json answer = refused("config_invalid", 7);
  answer["error"]["message"] = "the config is invalid: a.yaml:1:2: is wrong (and 1 more)";
  answer["error"]["details"] = {{{"text", "a.yaml:1:2: is wrong\n"}},
                                {{"text", "a.yaml:2:2: is wrong too\n"}}};
  it.daemon.will_answer(answer, 422);
  CHECK(it.run({"reload"}) == 7);
  CHECK(it.err.str() ==
        "tealgate: the config is invalid\na.yaml:1:2: is wrong\na.yaml:2:2: is wrong too\n"
        "  try: tealgate status\n");
}

TEST_CASE("Commands: a pool in the place of a server is answered with a server of it") {
  Invocation it;
  it.daemon.will_answer(status_of({"shop"}));
  it.daemon.will_answer(status_of({"shop"}));
  CHECK(it.run({"drain", "shop/blue"}) == 2);
  CHECK(it.err.str().find("try: tealgate drain shop/blue/10.0.0.11:8080") != std::string::npos);
}

TEST_CASE("Commands: progress goes to stderr, a line a change, and not at all with --quiet") {
  for (bool quiet : {false, true}) {
    Invocation it;
    it.daemon.lines = {R"({"progress":"gate","message":"1 of 2 up"})",
                       R"({"progress":"heartbeat","message":"1 of 2 up"})", switched().dump()};
    it.daemon.will_answer(switched());
    std::vector<std::string> words = {"switch", "green", "-s", "shop"};
    if (quiet) words.push_back("--quiet");
    CHECK(it.run(words) == 0);
    CHECK(it.err.str() == (quiet ? "" : "gate: 1 of 2 up\nstill gate: 1 of 2 up\n"));
  }
}

TEST_CASE("Commands: on a terminal progress is one redrawn line that is cleared at the end") {
  Invocation it;
  it.err_is_terminal = true;
  it.daemon.lines = {R"({"progress":"gate","message":")" + std::string(200, 'x') + "\"}"};
  it.daemon.will_answer(switched());
  CHECK(it.run({"switch", "green", "-s", "shop"}) == 0);
  std::string shown = it.err.str();
  CHECK(shown.find('\n') == std::string::npos);
  CHECK(shown.ends_with("\r\x1b[K"));
  CHECK(shown.find("██████░░░░░░░░░░░░ gate · xxx") != std::string::npos);
  CHECK(shown.find(std::string(60, 'x')) == std::string::npos);
}

TEST_CASE("Commands: a server is found by its name alone, or by its path") {
  json done = {{"ok", true},      {"changed", true},  {"service", "shop"}, {"pool", "green"},
               {"server", "big"}, {"state", "drain"}, {"drain", nullptr}};
  Invocation by_name;
  by_name.daemon.will_answer(status_of({"shop"}));
  by_name.daemon.will_answer(done);
  CHECK(by_name.run({"drain", "big", "--until", "drained", "--drain", "30s", "--force"}) == 0);
  CHECK(by_name.daemon.asked[1].path == "/v1/services/shop/pools/green/servers/big/state");
  CHECK(by_name.daemon.body(1) == json{{"state", "drain"},
                                       {"until", "drained"},
                                       {"drain", "30s"},
                                       {"force", true},
                                       {"operation", "op-1"}});
  CHECK(by_name.out.str() == "shop/green/big is now in drain\n");

  Invocation by_path;
  by_path.daemon.will_answer(done);
  CHECK(by_path.run({"maint", "shop/green/big"}) == 0);
  CHECK(by_path.daemon.body(0)["state"] == "maint");

  Invocation unknown;
  unknown.daemon.will_answer(status_of({"shop"}));
  CHECK(unknown.run({"ready", "bag"}) == 2);
  CHECK(unknown.err.str().find("did you mean big?") != std::string::npos);
}

TEST_CASE("Commands: wait asks for a pool or for an operation, not for both or neither") {
  Invocation pool;
  pool.daemon.will_answer({{"ok", true}, {"up", 2}, {"of", 2}});
  CHECK(pool.run({"wait", "shop/green", "--healthy", "2", "--timeout", "120s"}) == 0);
  CHECK(pool.daemon.body(0) == json{{"pool", "green"}, {"healthy", "2"}, {"timeout", "120s"}});
  CHECK(pool.out.str() == "shop/green: 2 of 2 up\n");

  Invocation operation;
  operation.daemon.will_answer(switched());
  CHECK(operation.run({"wait", "--operation", "op-7"}) == 0);
  CHECK(operation.daemon.asked[0].path == "/v1/operations/op-7?wait=1");

  CHECK(Invocation().run({"wait"}) == 2);
  CHECK(Invocation().run({"wait", "green", "--operation", "x"}) == 2);
}
