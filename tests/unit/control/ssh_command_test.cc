#include "control/cli/ssh_command.h"

#include <doctest/doctest.h>

#include <set>

#include "control/cli/command_table.h"

using namespace tealgate::cli;
using Words = std::vector<std::string>;

namespace {

tl::expected<KeyCommand, Stop> ask(const std::string& line,
                                   Words own = {"--role", "deployer", "-s", "shop"}) {
  own.insert(own.begin(), "ssh");
  const auto arguments = parse_arguments(own);
  REQUIRE(arguments);
  return command_for_key(*arguments, line, "deploy");
}

void check_stopped(const tl::expected<KeyCommand, Stop>& command, int exit,
                   const std::string& part) {
  REQUIRE_FALSE(command);
  CHECK(command.error().exit == exit);
  CHECK_MESSAGE(command.error().text.find(part) != std::string::npos, command.error().text);
}

}  // namespace

TEST_CASE("ssh: what was asked is parsed as any command line, with or without the program's name") {
  for (const char* line :
       {"switch green --reason 'two words'", "tealgate switch --reason \"two words\" green"}) {
    const auto command = ask(line);
    REQUIRE(command);
    CHECK(command->arguments.command == "switch");
    CHECK(command->arguments.words == Words{"green"});
    CHECK(command->arguments.text("reason") == "two words");
  }
}

TEST_CASE("ssh: each request says what the key has") {
  CHECK(ask("status")->fields == "X-Tealgate-Role: deployer\r\nX-Tealgate-Services: shop\r\n");
  CHECK(ask("status", {"--role", "viewer"})->fields == "X-Tealgate-Role: viewer\r\n");
  CHECK(ask("status", {"--role", "admin", "-s", "shop,blog.v2"})->fields ==
        "X-Tealgate-Role: admin\r\nX-Tealgate-Services: shop,blog.v2\r\n");
  // The client's own service narrows nothing and widens nothing.
  const auto other = ask("status -s billing");
  CHECK(other->arguments.service == "billing");
  CHECK(other->fields == "X-Tealgate-Role: deployer\r\nX-Tealgate-Services: shop\r\n");
}

TEST_CASE("ssh: of all commands only those that run nothing and read no file are carried out") {
  const std::set<std::string> allowed = {"events", "top",    "status",   "history", "version",
                                         "wait",   "switch", "rollback", "lock",    "unlock",
                                         "drain",  "ready",  "maint",    "reload"};
  for (const CommandRow& row : command_table()) {
    CAPTURE(std::string(row.name));
    const std::string word = row.words.fewest > 0 ? " green" : "";
    const auto command = ask(row.name + word, {"--role", "admin"});
    CHECK(command.has_value() == allowed.contains(row.name));
    if (!command) check_stopped(command, 8, "this key may not " + std::string(row.name));
  }
  check_stopped(ask("lock -- id", {"--role", "admin"}), 8, "under a lock");
  check_stopped(ask("status --socket /tmp/x", {"--role", "admin"}), 8, "the socket");
  check_stopped(ask("--socket=/tmp/x status"), 8, "the socket");
  check_stopped(ask("run -c /etc/shadow"), 8, "this key may not run");
  check_stopped(ask("ssh --role admin"), 8, "this key may not ssh");
  check_stopped(ask("bash"), 2, "there is no command \"bash\"");
  check_stopped(ask("TEALGATE_SERVICE=x tealgate status"), 2, "there is no command");
  check_stopped(ask("/usr/bin/tealgate status"), 2, "there is no command");
  check_stopped(ask("tealgate tealgate status"), 2, "there is no command");
  check_stopped(ask("status; id"), 2, "no shell reads this line");
}

TEST_CASE("ssh: who acts is who the forced command says, or how he came in") {
  const auto by = [](const std::string& line, const Words& own) {
    return ask(line, own)->arguments.text("by");
  };
  CHECK(by("switch green --by root", {"--role", "deployer", "--by", "github"}) == "github");
  CHECK(by("switch green --by root", {"--role", "deployer"}) == "root (ssh deploy)");
  CHECK(by("switch green", {"--role", "deployer"}) == "ssh deploy");
}

TEST_CASE("ssh: the socket is the forced command's") {
  CHECK(ask("status", {"--role", "viewer", "--socket", "/run/x"})->arguments.socket == "/run/x");
  CHECK(ask("status")->arguments.socket.empty());
}

TEST_CASE("ssh: without a command it says what the key may") {
  for (const char* line : {"", "  ", "tealgate"}) {
    const auto stop = ask(line);
    check_stopped(
        stop, 2,
        "status, history, events, top, version, wait, switch, rollback, lock, unlock (role "
        "deployer, shop)");
  }
  check_stopped(ask("", {"--role", "viewer"}), 2,
                "it may: status, history, events, top, version (role viewer");
}

TEST_CASE("ssh: a forced command that is wrong is refused, whatever is asked") {
  check_stopped(ask("status", {"-s", "shop"}), 2, "--role is missing");
  check_stopped(ask("status", {"--role", "deploy"}), 2, "there is no role \"deploy\"");
  for (const char* services : {"shop,", ",shop", "shop,,blog", "a b", "shop\r\nX-A: b"}) {
    CAPTURE(services);
    check_stopped(ask("status", {"--role", "viewer", "-s", services}), 2, "-s");
  }
}

TEST_CASE("ssh: an empty -s is a mistake, not all services") {
  for (const Words& own :
       {Words{"ssh", "--role", "deployer", "-s", ""}, Words{"ssh", "-s", "", "--role", "admin"}}) {
    const auto arguments = parse_arguments(own);
    REQUIRE_FALSE(arguments);
    CHECK(arguments.error().exit == 2);
    CHECK(arguments.error().text.find("the name of the service is empty") != std::string::npos);
  }
  check_stopped(ask("switch green -s ''"), 2, "the name of the service is empty");
}
