// Locks, and commands that change nothing: what they ask for and print.
#include "control/cli/commands.h"

#include "unit/control/cli_vocabulary.h"

using namespace tealgate;
using namespace tealgate::cli;
using namespace tealgate::cli_test;
using nlohmann::json;

TEST_CASE("Commands: lock prints the token alone; unlock shows it") {
  Invocation lock;
  lock.daemon.will_answer({{"ok", true}, {"lock", "T0K"}});
  CHECK(lock.run({"lock", "-s", "shop", "--ttl", "30m"}) == 0);
  CHECK(lock.out.str() == "T0K\n");
  CHECK(lock.daemon.body(0) == json{{"ttl", "30m"}});

  Invocation unlock;
  unlock.token = "T0K";
  unlock.daemon.will_answer({{"ok", true}, {"changed", true}});
  CHECK(unlock.run({"unlock", "-s", "shop"}) == 0);
  CHECK(unlock.daemon.body(0) == json{{"lock", "T0K"}});
}

TEST_CASE("Commands: history asks for what was asked for and prints a line an entry") {
  Invocation it;
  it.daemon.will_answer({{"ok", true},
                         {"entries",
                          {{{"at", "x"},
                            {"event", "decided"},
                            {"kind", "switch"},
                            {"service", "shop"},
                            {"revision", 43},
                            {"from", {"blue"}},
                            {"to", {"green"}},
                            {"by", "ci"},
                            {"label", "v1.4.2"}}}}});
  CHECK(it.run({"history", "-s", "a b", "--limit", "5"}) == 0);
  CHECK(it.daemon.asked[0].path == "/v1/history?service=a%20b&limit=5");
  CHECK(it.out.str() == "x  shop  r43  switch  decided  blue → green  by ci  \"v1.4.2\"\n");
}

TEST_CASE("Commands: status --idle prints exactly one name or fails with 1") {
  Invocation one;
  one.daemon.will_answer(status_of({"shop"}));
  CHECK(one.run({"status", "--idle"}) == 0);
  CHECK(one.out.str() == "blue\n");

  Invocation none;
  json status = status_of({"shop"});
  status["services"]["shop"]["idle"] = json::array();
  none.daemon.will_answer(status);
  CHECK(none.run({"status", "--idle"}) == 1);
  CHECK(none.out.str().empty());

  Invocation several;
  several.daemon.will_answer(status_of({"shop", "api"}));
  CHECK(several.run({"status", "--idle"}) == 2);

  Invocation active;
  active.daemon.will_answer(status_of({"shop"}));
  CHECK(active.run({"status", "--active"}) == 0);
  CHECK(active.out.str() == "green\n");
}

TEST_CASE("Commands: status --exit-code tells the worst service") {
  for (auto [state, exit] : {std::pair{"ok", 0}, {"degraded", 10}, {"down", 11}}) {
    Invocation it;
    json status = status_of({"api", "shop"});
    status["services"]["shop"]["state"] = state;
    it.daemon.will_answer(status);
    CHECK(it.run({"status", "--exit-code"}) == exit);
  }
}

TEST_CASE("Commands: reload says who asks") {
  Invocation it;
  it.daemon.will_answer({{"ok", true}, {"changed", false}});
  CHECK(it.run({"reload", "--by", "github"}) == 0);
  CHECK(it.daemon.asked[0].path == "/v1/reload");
  CHECK(it.daemon.body(0) == json{{"by", "github"}});
}

TEST_CASE("Commands: what is no UTF-8 does not end the command before it is told") {
  Invocation it;
  CHECK(it.run({"switch", "\xff/green", "blog/green", "--json"}) == 2);
  CHECK(json::parse(it.out.str())["error"]["exit"] == 2);
}

TEST_CASE("Commands: -s says whose operation is waited for") {
  Invocation it;
  it.daemon.will_answer(switched());
  CHECK(it.run({"wait", "--operation", "op-7", "-s", "shop"}) == 0);
  CHECK(it.daemon.asked[0].path == "/v1/operations/op-7?wait=1&service=shop");
}
