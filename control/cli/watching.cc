#include "control/cli/watching.h"

#include <fmt/core.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "control/cli/json_fields.h"
#include "control/cli/printable.h"
#include "control/cli/requests.h"
#include "control/cli/results.h"
#include "control/command.h"

namespace tealgate::cli {
namespace {

using json = nlohmann::ordered_json;

constexpr int kUsage = 2;
constexpr int kInterrupted = 130;
constexpr int kTooMany = 429;

// The daemon's own words, or null.
json said_in(const Answer& answer) {
  const json said = json::parse(answer.body, nullptr, false);
  const bool is_ours =
      answer.outcome == Answer::Outcome::Answered && member(said, "error").is_object();
  return is_ours ? said : json();
}

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
  if (watched.arguments.json) watched.console.out << json_text(result) << std::endl;
  if (!watched.arguments.json) watched.console.err << describe_error(error) << std::flush;
  return error.value("exit", 1);
}

int tell_failure(const Watched& watched, const Answer& answer) {
  const json said = said_in(answer);
  return tell_error(watched, said.is_null() ? error_of(answer, {}) : said);
}

std::string reason_of(const Answer& answer) {
  if (answer.outcome != Answer::Outcome::Answered) return printable(answer.error);
  const std::string message = text_of(member(said_in(answer), "error"), "message");
  return message.empty() ? fmt::format("the daemon answers {}", answer.status) : message;
}

bool is_refusal(const Answer& answer) {
  return answer.outcome == Answer::Outcome::Answered && answer.status >= 400 &&
         answer.status < 500 && answer.status != kTooMany;
}

std::optional<int> exit_if_gone(const Watched& watched, const LiveModel& model) {
  const std::string& service = watched.arguments.service;
  if (service.empty() || model.services().contains(service)) return std::nullopt;
  return tell_error(
      watched,
      own_error("unknown", kUsage, "there is no service \"" + printable(service) + "\" any more",
                "tealgate status"));
}

EventFeed::Order feed_order(const Watched& watched, const std::string& query) {
  std::string path = "/v1/events" + query;
  const std::string& service = watched.arguments.service;
  if (!service.empty()) path += (query.empty() ? "?service=" : "&service=") + encoded(service);
  return {watched.socket, path, watched.fields};
}

// A file as stdout cannot be watched, and need not be.
WatchLoop::WatchLoop()
    : stdout_(loop_.poller().add(*this)),
      interrupt_(loop_, SIGINT, [this] { end(kInterrupted); }),
      terminate_(loop_, SIGTERM, [this] { end(kInterrupted); }) {
  loop_.poller().watch(stdout_, STDOUT_FILENO);
}

WatchLoop::~WatchLoop() {
  loop_.poller().remove(stdout_);
  loop_.poller().unwatch(STDOUT_FILENO);
}

void WatchLoop::on_events(std::uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) end(0);
}

void WatchLoop::end(int exit) {
  if (!exit_) exit_ = exit;
}

int WatchLoop::run() {
  while (!exit_) loop_.run_once();
  return *exit_;
}

std::optional<int> Interruptions::on_trouble(const Answer& answer) {
  if (!has_begun_ || is_refusal(answer)) return tell_failure(watched_, answer);
  if (is_lost_ || watched_.arguments.quiet) return std::nullopt;
  is_lost_ = true;
  watched_.console.err << "tealgate: the connection to the daemon is lost, trying again: "
                       << reason_of(answer) << std::endl;
  return std::nullopt;
}

bool Interruptions::on_snapshot() {
  if (is_lost_) watched_.console.err << "tealgate: connected again" << std::endl;
  is_lost_ = false;
  return std::exchange(has_begun_, true);
}

}  // namespace tealgate::cli
