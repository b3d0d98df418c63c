#include "control/cli/watching.h"

#include <csignal>
#include <nlohmann/json.hpp>

#include "control/cli/requests.h"
#include "control/cli/results.h"

namespace tealgate::cli {
namespace {

using json = nlohmann::ordered_json;

constexpr int kInterrupted = 130;

}  // namespace

bool is_watching(const Arguments& arguments) {
  const std::string& command = arguments.command;
  return command == "events" || command == "top" || command == "logs" ||
         (command == "status" && arguments.has("follow"));
}

int watch(const Watched& watched) {
  const std::string& command = watched.arguments.command;
  if (command == "events") return follow_events(watched);
  if (command == "top") return show_top(watched);
  return command == "logs" ? show_logs(watched) : follow_status(watched);
}

int tell_error(const Watched& watched, const json& result) {
  const json error = result.value("error", json::object());
  if (watched.arguments.json) watched.console.out << result.dump() << std::endl;
  if (!watched.arguments.json) watched.console.err << describe_error(error) << std::flush;
  return error.value("exit", 1);
}

int tell_failure(const Watched& watched, const Answer& answer) {
  const json said = json::parse(answer.body, nullptr, false);
  const bool is_refusal =
      answer.outcome == Answer::Outcome::Answered && said.is_object() && said.contains("error");
  return tell_error(watched, is_refusal ? said : error_of(answer, {}));
}

EventFeed::Order feed_order(const Watched& watched, const std::string& query) {
  std::string path = "/v1/events" + query;
  const std::string& service = watched.arguments.service;
  if (!service.empty()) path += (query.empty() ? "?service=" : "&service=") + encoded(service);
  return {watched.socket, path, watched.fields};
}

WatchLoop::WatchLoop()
    : interrupt_(loop_, SIGINT, [this] { end(kInterrupted); }),
      terminate_(loop_, SIGTERM, [this] { end(kInterrupted); }) {}

void WatchLoop::end(int exit) {
  if (!exit_) exit_ = exit;
}

int WatchLoop::run() {
  while (!exit_) loop_.run_once();
  return *exit_;
}

void Interruptions::on_trouble(const Answer& answer) {
  if (is_lost_ || watched_.arguments.quiet) return;
  is_lost_ = true;
  watched_.console.err << "tealgate: the connection to the daemon is lost, trying again: "
                       << answer.error << std::endl;
}

bool Interruptions::on_snapshot() {
  if (is_lost_) watched_.console.err << "tealgate: connected again" << std::endl;
  is_lost_ = false;
  return std::exchange(has_begun_, true);
}

}  // namespace tealgate::cli
