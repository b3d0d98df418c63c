#include "control/cli/commands.h"

#include <fmt/core.h>

#include <map>
#include <nlohmann/json.hpp>

#include "control/cli/progress.h"
#include "control/cli/render_status.h"
#include "control/cli/results.h"
#include "control/command.h"

namespace tealgate::cli {
namespace {

using json = nlohmann::ordered_json;

std::string names_of(const json& services) {
  std::string names;
  for (const auto& [name, service] : services.items()) names += (names.empty() ? "" : ", ") + name;
  return names;
}

// Whether the operation, as the service's status shows it, has not decided.
bool ends_with_its_caller(const json& service, const std::string& operation) {
  const json running = service.value("operation", json());
  if (!running.is_object() || running.value("id", "") != operation) return false;
  const std::string phase = running.value("phase", "");
  return phase == "waiting" || phase == "gating";
}

}  // namespace

Commands::Commands(Arguments arguments, const Surroundings& surroundings)
    : arguments_(std::move(arguments)),
      surroundings_(surroundings),
      console_(surroundings.console) {}

int Commands::run() {
  static const std::map<std::string, int (Commands::*)()> kCommands = {
      {"status", &Commands::status},
      {"switch", &Commands::change_split},
      {"rollback", &Commands::change_split},
      {"drain", &Commands::change_server},
      {"ready", &Commands::change_server},
      {"maint", &Commands::change_server},
      {"wait", &Commands::wait},
      {"lock", &Commands::lock},
      {"unlock", &Commands::unlock},
      {"history", &Commands::history},
      {"reload", &Commands::reload},
      {"upgrade", &Commands::upgrade}};
  auto found = kCommands.find(arguments_.command);
  return found == kCommands.end() ? refuse("no such command", "") : (this->*found->second)();
}

int Commands::change_split() {
  if (!arguments_.has("operation")) arguments_.flags["operation"] = surroundings_.operation;
  std::string named;
  if (arguments_.command == "switch") {
    for (std::string& word : arguments_.words) {
      Target target = parse_pool_word(word);
      if (!named.empty() && !target.service.empty() && target.service != named) {
        return refuse(
            "one switch is about one service, not about " + named + " and " + target.service, "");
      }
      if (!target.service.empty()) named = target.service;
      word = target.pool;
    }
  }
  tl::expected<std::string, int> service = service_for(named);
  if (!service) return service.error();
  tl::expected<json, int> result = ask(service_request(arguments_, *service, surroundings_.token));
  return result ? print(*result, describe_result(*result)) : result.error();
}

int Commands::change_server() {
  arguments_.flags["operation"] = surroundings_.operation;
  tl::expected<Target, int> target = find_server(parse_server_word(arguments_.words.front()));
  if (!target) return target.error();
  tl::expected<json, int> result = ask(server_request(arguments_, *target, surroundings_.token));
  return result ? print(*result, describe_result(*result)) : result.error();
}

int Commands::wait() {
  if (arguments_.has("operation")) {
    if (!arguments_.words.empty())
      return refuse("wait takes a pool or --operation, not both", "tealgate wait --help");
    tl::expected<json, int> result =
        ask(operation_request(arguments_.text("operation"), arguments_.service));
    return result ? print(*result, describe_result(*result)) : result.error();
  }
  if (arguments_.words.empty())
    return refuse("wait takes a pool, or --operation ID", "tealgate wait green --healthy all");
  Target target = parse_pool_word(arguments_.words.front());
  tl::expected<std::string, int> service = service_for(target.service);
  if (!service) return service.error();
  arguments_.words.front() = target.pool;
  arguments_.flags.erase("by");
  tl::expected<json, int> result = ask(service_request(arguments_, *service, ""));
  if (!result) return result.error();
  return print(*result, fmt::format("{}/{}: {} of {} up", *service, target.pool,
                                    result->value("up", 0), result->value("of", 0)));
}

tl::expected<Request, int> Commands::prepare_lock() {
  tl::expected<std::string, int> service = service_for("");
  if (!service) return tl::make_unexpected(service.error());
  return service_request(arguments_, *service, "");
}

int Commands::finish_lock(const Answer& answer, const Request& request) {
  tl::expected<json, int> result = take(answer, request);
  return result ? fail(own_error("internal", 1, "the lock ended before the command began", ""))
                : result.error();
}

void Commands::give_back_lock(const std::string& token) {
  Arguments unlock;
  unlock.command = "unlock";
  unlock.flags["by"] = arguments_.text("by");
  surroundings_.daemon.ask(service_request(unlock, asked_service_, token), nullptr);
}

int Commands::lock() {
  tl::expected<Request, int> request = prepare_lock();
  if (!request) return request.error();
  tl::expected<json, int> result = ask(*request);
  return result ? print(*result, result->value("lock", "")) : result.error();
}

int Commands::unlock() {
  tl::expected<std::string, int> service = service_for("");
  if (!service) return service.error();
  tl::expected<json, int> result = ask(service_request(arguments_, *service, surroundings_.token));
  if (!result) return result.error();
  return print(*result,
               *service + (result->value("changed", false) ? ": unlocked" : ": was not locked"));
}

int Commands::history() {
  tl::expected<json, int> result = ask(history_request(arguments_));
  if (!result) return result.error();
  std::string text;
  for (const json& entry : result->value("entries", json::array())) {
    text += (text.empty() ? "" : "\n") + describe_entry(entry, console_.now);
  }
  return print(*result, text);
}

int Commands::reload() {
  tl::expected<json, int> result = ask(reload_request(arguments_));
  if (!result) return result.error();
  std::string text = result->value("changed", false) ? "reloaded" : "reloaded, nothing changed";
  for (const json& key : result->value("restart_needed", json::array())) {
    text += "\nwarning: " + key.get<std::string>() + " takes effect after a restart";
  }
  for (const json& warning : result->value("warnings", json::array())) {
    text += "\nwarning: " + warning.get<std::string>();
  }
  return print(*result, text);
}

int Commands::upgrade() {
  tl::expected<json, int> result = ask(upgrade_request(arguments_));
  return result ? print(*result, describe_upgrade(*result)) : result.error();
}

tl::expected<json, int> Commands::ask(const Request& request) {
  Answer answer;
  {
    Progress progress(console_, arguments_.quiet ? Progress::Show::Nothing : Progress::Show::All);
    answer =
        surroundings_.daemon.ask(request, [&](std::string_view line) { progress.on_line(line); });
  }
  if (answer.outcome == Answer::Outcome::Interrupted)
    return tl::make_unexpected(interrupted(request));
  return take(answer, request);
}

tl::expected<json, int> Commands::take(const Answer& answer, const Request& request) {
  if (answer.outcome != Answer::Outcome::Answered)
    return tl::make_unexpected(fail(error_of(answer, request)));
  json result = json::parse(answer.body, nullptr, false);
  if (!result.is_object() || !result.contains("ok"))
    return tl::make_unexpected(fail(error_of(answer, request)));
  if (result["ok"] != true) return tl::make_unexpected(fail(json::parse(answer.body)));
  return result;
}

int Commands::fail(const json& result) {
  json error = result.value("error", json::object());
  if (arguments_.json) console_.out << json_text(result) << std::endl;
  if (!arguments_.json) console_.err << describe_error(error) << std::flush;
  return error.value("exit", 1);
}

int Commands::refuse(const std::string& message, const std::string& hint) {
  return fail(own_error("usage", 2, message, hint));
}

int Commands::print(const json& result, const std::string& text) {
  if (arguments_.json) {
    console_.out << json_text(result) << std::endl;
  } else if (!text.empty()) {
    console_.out << text << std::endl;
  }
  return 0;
}

int Commands::interrupted(const Request& request) {
  Answer answer;
  answer.outcome = Answer::Outcome::Interrupted;
  json result = error_of(answer, request);
  Answer state = surroundings_.daemon.ask(status_request(asked_service_), nullptr);
  json status = json::parse(state.body, nullptr, false);
  bool known = status.is_object() && status.value("ok", false) && !asked_service_.empty();
  if (known && ends_with_its_caller(status, request.operation)) {
    result["error"]["message"] =
        "interrupted before the change; the operation ends with its caller";
    result["error"]["hint"] = "";
  }
  if (known && arguments_.json) result["service"] = status;
  int exit = fail(result);
  if (known && !arguments_.json)
    console_.out << render_service(status, {console_.colour, console_.now});
  return exit;
}

tl::expected<json, int> Commands::services() {
  tl::expected<json, int> status = ask(status_request(""));
  if (!status) return tl::make_unexpected(status.error());
  return status->value("services", json::object());
}

tl::expected<std::string, int> Commands::service_for(const std::string& named) {
  const std::string& given = arguments_.service;
  if (!named.empty() && !given.empty() && named != given) {
    return tl::make_unexpected(refuse("-s says " + given + ", the word says " + named, ""));
  }
  asked_service_ = named.empty() ? given : named;
  if (!asked_service_.empty()) return asked_service_;
  tl::expected<json, int> all = services();
  if (!all) return tl::make_unexpected(all.error());
  if (arguments_.command == "switch" && arguments_.words.size() > 1 &&
      all->contains(arguments_.words.front())) {
    std::string line = "tealgate switch -s";
    for (const std::string& word : arguments_.words) line += " " + word;
    return tl::make_unexpected(refuse(
        arguments_.words.front() + " is a service; did you mean `" + line.substr(9) + "`?", line));
  }
  if (all->size() == 1) return asked_service_ = all->begin().key();
  return tl::make_unexpected(refuse("there are several services: " + names_of(*all),
                                    "tealgate " + arguments_.command + " -s " +
                                        (all->empty() ? "NAME" : all->begin().key()) + " …"));
}

}  // namespace tealgate::cli
