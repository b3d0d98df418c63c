#include "unit/control/deploy_vocabulary.h"

using namespace tealgate;

namespace {

// Switches to green and keeps what a crash at the moment of publishing would leave on disk.
std::string crash_at_publish(Deploy& deploy) {
  std::string copy;
  deploy.prober.on_sync = [&] {
    if (copy.empty()) copy = deploy.copy_of_state();
  };
  deploy.switch_to({"green"});
  return copy;
}

void drop_last_line(const std::string& path, std::size_t keep_of_it) {
  std::ifstream in(path);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::size_t begin = text.rfind('\n', text.size() - 2) + 1;
  std::ofstream(path, std::ios::trunc) << text.substr(0, begin + keep_of_it);
}

}  // namespace

TEST_CASE("Crash: decided but not published: the decision holds, and was interrupted") {
  Deploy deploy;
  const std::string copy = crash_at_publish(deploy);
  deploy.restart_on(copy);
  CHECK(deploy.routed() == "green");
  CHECK(deploy.shop().revision == 2);
  CHECK(deploy.events() == std::vector<std::string>{"decided", "decided", "interrupted"});
}

TEST_CASE("Crash: a decision whose history line is torn or missing gets it back") {
  for (const std::size_t kept : {0, 25}) {
    Deploy deploy;
    const std::string copy = crash_at_publish(deploy);
    drop_last_line(copy + "/history.jsonl", kept);
    deploy.restart_on(copy);
    CHECK(deploy.routed() == "green");
    const auto lines = deploy.control->history("", 10);
    REQUIRE(lines.size() == 3);
    CHECK(lines[1]["recovered"] == true);
    CHECK(lines[1]["revision"] == 2);
    CHECK(lines[2]["event"] == "interrupted");
  }
}

TEST_CASE("Crash: before the state is replaced nothing happened") {
  Deploy deploy;
  const std::string copy = deploy.copy_of_state();
  std::ofstream(copy + "/state.json.new") << "{\"version\":1,\"serv";
  deploy.restart_on(copy);
  CHECK(deploy.routed() == "blue");
  CHECK(deploy.switch_to({"green"})["ok"] == true);
}

TEST_CASE("Restart: what was decided holds, what was finished stays finished") {
  Deploy deploy;
  deploy.switch_to({"green"});
  deploy.restart_on(deploy.folder.file("."));
  CHECK(deploy.routed() == "green");
  CHECK(deploy.events() == std::vector<std::string>{"decided", "decided", "finished"});
  deploy.finished(deploy.begin_rollback());
  CHECK(deploy.routed() == "blue");
}

TEST_CASE("Restart: a config without the active pool refuses to start, exit 7") {
  Deploy deploy;
  deploy.config.services[0].pools.erase(deploy.config.services[0].pools.begin());
  deploy.restart_on(deploy.folder.file("."));
  REQUIRE_FALSE(deploy.opened);
  CHECK(error_row(deploy.opened.error().code).exit == 7);
  CHECK(deploy.opened.error().message.find("blue") != std::string::npos);
}

TEST_CASE("Restart: a state that is newer or torn refuses to start, and stays as it is") {
  for (const std::string text : {"{\"version\":9}", "{\"vers"}) {
    Deploy deploy;
    std::ofstream(deploy.folder.file("state.json"), std::ios::trunc) << text;
    deploy.restart_on(deploy.folder.file("."));
    REQUIRE_FALSE(deploy.opened);
    CHECK(error_row(deploy.opened.error().code).exit == 1);
    CHECK(deploy.opened.error().message.find("state.json") != std::string::npos);
    CHECK(deploy.folder.read("state.json") == text);
  }
}

TEST_CASE(
    "Restart: an initial that was changed since the first start is warned of, once it differs") {
  Deploy deploy;
  const auto warnings = [&] { return deploy.control->config().warnings; };
  deploy.switch_to({"green"});
  deploy.restart_on(deploy.folder.file("."));
  CHECK(warnings().empty());  // as it always was
  deploy.config.services[0].initial = split_of({"green"});
  deploy.restart_on(deploy.folder.file("."));
  CHECK(warnings().empty());  // as things are
  deploy.finished(deploy.begin_rollback());
  deploy.restart_on(deploy.folder.file("."));
  REQUIRE(warnings().size() == 1);
  CHECK(warnings()[0].find("services.shop.initial is now green") == 0);
  CHECK(deploy.routed() == "blue");
}
