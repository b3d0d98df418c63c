#include <doctest/doctest.h>

#include "control/cli/arguments.h"
#include "control/cli/demo_arguments.h"

using namespace tealgate;
using namespace tealgate::cli;
using Words = std::vector<std::string>;

namespace {

Arguments parsed(const Words& words) {
  auto arguments = parse_arguments(words);
  REQUIRE_MESSAGE(arguments.has_value(), arguments.error().text);
  return *arguments;
}

Stop stopped(const Words& words) {
  auto arguments = parse_arguments(words);
  REQUIRE_FALSE(arguments.has_value());
  return arguments.error();
}

Environment environment(std::map<std::string, std::string> values) {
  return [values](const char* name) {
    auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

}  // namespace

TEST_CASE("Arguments: global flags stand before the command or behind it") {
  for (const Words& words :
       {Words{"-s", "shop", "--json", "status"}, Words{"status", "--json", "-s", "shop"},
        Words{"status", "--service=shop", "--json"}}) {
    Arguments arguments = parsed(words);
    CHECK(arguments.command == "status");
    CHECK(arguments.service == "shop");
    CHECK(arguments.json);
  }
}

TEST_CASE("Arguments: every flag of switch becomes a field of the request") {
  Arguments arguments = parsed({"switch",      "blue=90",
                                "green=10",    "--if-active",
                                "blue,green",  "--if-revision",
                                "42",          "--require-healthy",
                                "50%",         "--healthy-within",
                                "120s",        "--drain",
                                "30s",         "--until",
                                "drained",     "--timeout",
                                "60s",         "--force",
                                "--reason",    "because",
                                "--by",        "ci",
                                "--label",     "v1.4.2",
                                "--lock-wait", "10m",
                                "--operation", "x-1",
                                "--dry-run"});
  CHECK(arguments.words == Words{"blue=90", "green=10"});
  CHECK(std::get<Words>(arguments.flags.at("if_active")) == Words{"blue", "green"});
  CHECK(std::get<std::uint64_t>(arguments.flags.at("if_revision")) == 42);
  CHECK(arguments.text("require_healthy") == "50%");
  CHECK(arguments.text("healthy_within") == "120s");
  CHECK(arguments.text("lock_wait") == "10m");
  CHECK(std::get<bool>(arguments.flags.at("dry_run")));
  CHECK(arguments.flags.size() == 14);
}

TEST_CASE("Arguments: a pool may bear a command's name") {
  CHECK(parsed({"switch", "status"}).words == Words{"status"});
}

TEST_CASE("Arguments: flags of later work are unknown") {
  for (const char* flag :
       {"--warm", "--hold", "--watch", "--max-p99", "--strict-drain", "--expect-version"}) {
    Stop stop = stopped({"switch", "green", flag});
    CHECK(stop.exit == 2);
    CHECK(stop.text == std::string("tealgate switch: unknown flag ") + flag);
  }
}

TEST_CASE("Arguments: a slip in a flag is answered with the flag that was meant") {
  CHECK(stopped({"switch", "green", "--if-actve", "blue"}).hint.find("--if-active") !=
        std::string::npos);
}

TEST_CASE("Arguments: malformed values are refused before anything is sent") {
  CHECK(stopped({"switch", "green", "--drain", "30"}).exit == 2);
  CHECK(stopped({"switch", "green", "--require-healthy", "half"}).exit == 2);
  CHECK(stopped({"switch", "green", "--until", "later"}).exit == 2);
  CHECK(stopped({"switch", "green", "--if-revision", "-1"}).exit == 2);
  CHECK(stopped({"wait", "green", "--healthy", "some"}).exit == 2);
  CHECK(stopped({"drain"}).exit == 2);
  CHECK(stopped({"drain", "a", "b"}).exit == 2);
}

TEST_CASE("Arguments: words of other tools are answered with ours") {
  CHECK(stopped({"deploy", "green"}).hint == "tealgate switch POOL");
  CHECK(stopped({"promote"}).hint == "tealgate switch POOL");
  CHECK(stopped({"-s", "shop", "flip"}).hint == "tealgate switch POOL");
  CHECK(stopped({"enable", "x"}).hint == "tealgate ready SERVER");
  CHECK(stopped({"disable", "x"}).hint == "tealgate maint SERVER");
  CHECK(stopped({"canary"}).hint.find("does not exist yet") != std::string::npos);
  CHECK(stopped({"swich", "green"}).hint == "tealgate switch");
  CHECK(stopped({"xyzzy"}).hint == "tealgate --help");
  CHECK(stopped({"xyzzy", "--json"}).json);
}

TEST_CASE("Arguments: what stands behind -- is the locked command, flags and all") {
  Arguments arguments = parsed({"lock", "--ttl", "30m", "--", "sh", "-c", "exit 3", "--json"});
  CHECK(arguments.child == Words{"sh", "-c", "exit 3", "--json"});
  CHECK_FALSE(arguments.json);
  CHECK(stopped({"lock", "--"}).exit == 2);
}

TEST_CASE("Arguments: no command at all is a usage error that prints the help") {
  Stop stop = stopped({});
  CHECK(stop.exit == 2);
  CHECK(stop.text.find("switch") != std::string::npos);
}

TEST_CASE("Arguments: help ends well and is that of the command asked about") {
  Stop stop = stopped({"switch", "--help"});
  CHECK(stop.exit == 0);
  CHECK(stop.text.find("--if-revision") != std::string::npos);
  CHECK(stopped({"--help"}).exit == 0);
  CHECK(stopped({"--version"}).text.find("tealgate ") == 0);
}

TEST_CASE("Arguments: the environment fills in what the line leaves open") {
  auto variables = environment({{"TEALGATE_SERVICE", "shop"},
                                {"TEALGATE_SOCKET", "/x.sock"},
                                {"NO_COLOR", "1"},
                                {"SUDO_USER", "ann"},
                                {"USER", "root"}});
  Arguments arguments = parsed({"status"});
  apply_environment(arguments, variables);
  CHECK(arguments.service == "shop");
  CHECK(arguments.socket == "/x.sock");
  CHECK(arguments.no_color);
  CHECK(arguments.text("by") == "ann");

  Arguments said = parsed({"switch", "green", "-s", "api", "--socket", "/y.sock", "--by", "ci"});
  apply_environment(said, variables);
  CHECK(said.service == "api");
  CHECK(said.socket == "/y.sock");
  CHECK(said.text("by") == "ci");
}

TEST_CASE("Arguments: demo plays with a pool, or runs with its flags") {
  auto demo = demo_arguments(parsed({"demo", "break", "green", "--socket", "/x"}));
  REQUIRE(demo.has_value());
  CHECK(demo->action == DemoArguments::Action::Break);
  CHECK(demo->pool == "green");
  CHECK(demo->socket == "/x");
  auto run = demo_arguments(parsed({"demo", "--port", "8080", "--duration", "5s", "--no-traffic"}));
  REQUIRE(run.has_value());
  CHECK(run->action == DemoArguments::Action::Run);
  CHECK(*run->port == 8080);
  CHECK(*run->duration == std::chrono::seconds(5));
  CHECK_FALSE(run->traffic);
  CHECK(*run->release_every == std::chrono::seconds(45));
  CHECK(*run->break_every == std::chrono::seconds(60));
  auto still = demo_arguments(parsed({"demo", "--no-releases", "--no-breaks"}));
  CHECK((!still->release_every && !still->break_every));
  auto busy = demo_arguments(parsed({"demo", "--release-every", "2s", "--break-every", "3s"}));
  CHECK(*busy->release_every == std::chrono::seconds(2));
  CHECK(*busy->break_every == std::chrono::seconds(3));
  CHECK_FALSE(demo_arguments(parsed({"demo", "--break-every", "0s"})).has_value());
  CHECK_FALSE(demo_arguments(parsed({"demo", "explode", "green"})).has_value());
  CHECK_FALSE(demo_arguments(parsed({"demo", "break"})).has_value());
  CHECK_FALSE(demo_arguments(parsed({"demo", "--port", "70000"})).has_value());
}

TEST_CASE("Arguments: what is wrong is said in our words") {
  CHECK(stopped({"switch", "green", "--hold"}).hint == "tealgate switch --help");
  CHECK(stopped({"check", "a", "b"}).text == "tealgate check: too many words: it takes at most 1");
  CHECK(stopped({"status", "--idle", "--active"}).exit == 2);
  const auto help = help_by_command();
  for (const auto& [command, text] : help) {
    CAPTURE(command);
    CHECK(text.find("x)") == std::string::npos);  // CLI11's POOL(1x)
  }
  CHECK(help.at("lock").find("[-- COMMAND...]") != std::string::npos);
  CHECK(help.at("switch").find("POOL...") != std::string::npos);
}
