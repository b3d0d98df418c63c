#include "control/cli/completion.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "control/cli/arguments.h"
#include "control/cli/command_table.h"

using namespace tealgate::cli;
using Words = std::vector<std::string>;

namespace {

const char* kShop = R"("shop":{"pools":[{"name":"blue","servers":[{"name":"10.0.0.1:80"}]},
                                          {"name":"green","servers":[{"name":"big"}]}]})";
const char* kApi = R"("api":{"pools":[{"name":"blue","servers":[{"name":"a"}]}]})";

std::string status_of(const std::string& services) {
  return R"({"ok":true,"services":{)" + services + "}}";
}

Words completed(const Words& words, const std::string& status = status_of(kShop)) {
  return complete(words, [&](const std::string&) { return status; });
}

bool has(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

TEST_CASE("Completion: every command of the table, by its beginning") {
  for (const CommandRow& row : command_table()) CHECK(has(completed({""}), row.name));
  CHECK(completed({"sw"}) == Words{"switch"});
  CHECK(completed({"--json", "roll"}) == Words{"rollback"});
}

TEST_CASE("Completion: every flag of a command, and those of all commands") {
  for (const CommandRow& row : command_table()) {
    for (const FlagRow& flag : row.flags) {
      const std::string name = flag_name(flag);
      CHECK(has(completed({row.name, "-"}), name.substr(name.find("--"))));
    }
  }
  const std::string help = help_by_command().at("");
  int global = 0;
  for (std::size_t at = help.find("\n  -"); at != help.npos; at = help.find("\n  -", at + 1)) {
    const std::size_t begin = help.find("--", at);
    const std::string name = help.substr(begin, help.find_first_of(" \n", begin) - begin);
    CAPTURE(name);
    CHECK(has(completed({"-"}), name));
    ++global;
  }
  CHECK(global >= 6);
  CHECK(completed({"switch", "--heal"}) == Words{"--healthy-within"});
  CHECK(completed({"status", "--j"}) == Words{"--json"});
  CHECK(completed({"--soc"}) == Words{"--socket"});
}

TEST_CASE("Completion: pools and servers of the daemon that runs") {
  CHECK(completed({"switch", ""}) == Words{"blue", "green"});
  CHECK(completed({"switch", "--force", "--reason", "blue", "g"}) == Words{"green"});
  CHECK(completed({"drain", "b"}) == Words{"blue/10.0.0.1:80"});
  CHECK(completed({"switch", "green", "--if-active", "b"}) == Words{"blue"});
}

TEST_CASE("Completion: of several services the one that the line names, else all with its name") {
  const std::string two = status_of(std::string(kShop) + "," + kApi);
  CHECK(completed({"switch", ""}, two) == Words{"api/blue", "shop/blue", "shop/green"});
  CHECK(completed({"-s", "api", "switch", ""}, two) == Words{"blue"});
  CHECK(completed({"switch", "--service=api", ""}, two) == Words{"blue"});
  CHECK(completed({"switch", "-s", ""}, two) == Words{"api", "shop"});
}

TEST_CASE("Completion: values that are a choice, behind their flag or its =") {
  CHECK(completed({"switch", "green", "--until", "d"}) == Words{"done", "drained"});
  CHECK(completed({"switch", "green", "--until=s"}) == Words{"--until=switched"});
  CHECK(completed({"completion", "f"}) == Words{"fish"});
  CHECK(completed({"demo", ""}) == Words{"break", "mend"});
}

TEST_CASE("Completion: nothing where it is a file, the operator's own word, or another command's") {
  CHECK(completed({"check", ""}).empty());
  CHECK(completed({"run", "-c", ""}).empty());
  CHECK(completed({"switch", "--reason", ""}).empty());
  CHECK(completed({"lock", "--", "./deploy", "-"}).empty());
  CHECK(completed({}).empty());
}

TEST_CASE("Completion: without a daemon, or with a strange one, there are no names") {
  for (const char* status : {"", "no", "[]", "{}", R"({"services":{}})"}) {
    CHECK(completed({"switch", ""}, status).empty());
  }
}

TEST_CASE("Completion: the daemon asked is the one of --socket") {
  std::string asked;
  auto ask = [&](const std::string& socket) {
    asked = socket;
    return std::string();
  };
  complete({"--socket", "/x.sock", "switch", ""}, ask);
  CHECK(asked == "/x.sock");
}

TEST_CASE("Completion: a script a shell, and none for another") {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    CHECK(completion_script(shell).find("__complete") != std::string_view::npos);
  }
  CHECK(completion_script("tcsh").empty());
}
