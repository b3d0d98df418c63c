#include "control/api_requests.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "control/body_reader.h"
#include "control/scalar_values.h"

namespace tealgate {
namespace {

using nlohmann::json;

tl::unexpected<CommandError> usage(std::string message) {
  return tl::make_unexpected(CommandError{ErrorCode::Usage, std::move(message), nullptr, ""});
}

// Moves a given value over a default.
template <class T, class U>
void set(T& target, std::optional<U> value) {
  if (value) target = std::move(*value);
}

// The fields that every body may have; returns what `by` says.
std::string read_common(BodyReader& body, ServiceCommand& command) {
  set(command.reason, body.text("reason"));
  set(command.lock, body.text("lock"));
  set(command.operation, body.text("operation"));
  if (!command.operation.empty() && !is_operation_id(command.operation)) {
    body.refuse("\"operation\" must be 1 to 64 of the characters A-Z a-z 0-9 . _ -");
  }
  return body.text("by").value_or("");
}

template <class Command>
ParseResult<Command> finish(BodyReader& body, Command command, std::string by) {
  std::optional<CommandError> wrong = body.finish();
  if (wrong) return tl::make_unexpected(std::move(*wrong));
  return ParsedCommand<Command>{std::move(command), std::move(by)};
}

}  // namespace

bool is_operation_id(std::string_view id) {
  auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), fits);
}

Result<json, CommandError> parse_body(std::string_view text) {
  if (text.empty()) return json::object();
  std::set<std::string> names;
  std::string twice;
  // A second value would silently take the first one's place.
  const auto note_name = [&](int depth, json::parse_event_t event, const json& name) {
    const bool is_field = depth == 1 && event == json::parse_event_t::key;
    if (is_field && !names.insert(name.get<std::string>()).second) twice = name;
    return true;
  };
  json body = json::parse(text, note_name, false);
  if (body.is_discarded()) return usage("the body is not JSON");
  if (!twice.empty()) return usage(fmt::format("the field \"{}\" is there twice", twice));
  if (!body.is_object()) return usage("the body must be a JSON object");
  return body;
}

ParseResult<SwitchCommand> parse_switch(const json& object, const std::string& service) {
  BodyReader body(object);
  SwitchCommand command;
  command.service = service;
  std::string by = read_common(body, command);
  set(command.to, body.words("to"));
  command.if_active = body.words("if_active");
  command.if_revision = body.number("if_revision");
  command.require_healthy_percent = body.percent("require_healthy");
  if (command.require_healthy_percent == 0) {
    body.refuse("\"require_healthy\" must be 1% to 100%; \"force\" skips the gate");
  }
  set(command.healthy_within, body.duration("healthy_within"));
  command.drain = body.duration("drain");
  set(command.until, body.until("until"));
  command.timeout = body.duration("timeout");
  set(command.force, body.flag("force"));
  set(command.label, body.text("label"));
  set(command.lock_wait, body.duration("lock_wait"));
  set(command.dry_run, body.flag("dry_run"));
  if (command.to.empty()) body.refuse("\"to\" must name at least one pool");
  return finish(body, std::move(command), std::move(by));
}

ParseResult<RollbackCommand> parse_rollback(const json& object, const std::string& service) {
  BodyReader body(object);
  RollbackCommand command;
  command.service = service;
  std::string by = read_common(body, command);
  command.to_revision = body.number("to_revision");
  command.undo = body.text("undo");
  command.drain = body.duration("drain");
  set(command.until, body.until("until"));
  command.timeout = body.duration("timeout");
  set(command.force, body.flag("force"));
  set(command.dry_run, body.flag("dry_run"));
  if (command.to_revision && command.undo) {
    body.refuse("\"to_revision\" and \"undo\" exclude each other");
  }
  return finish(body, std::move(command), std::move(by));
}

ParseResult<ServerStateCommand> parse_server_state(const json& object, const ServerPath& path) {
  BodyReader body(object);
  ServerStateCommand command;
  command.service = path.service;
  command.pool = path.pool;
  command.server = path.server;
  std::string by = read_common(body, command);
  std::string state = body.text("state").value_or("");
  if (state == "drain") {
    command.state = AdminState::Drain;
  } else if (state == "maint") {
    command.state = AdminState::Maint;
  } else if (state != "ready") {
    body.refuse("\"state\" must be ready, drain or maint");
  }
  set(command.force, body.flag("force"));
  command.drain = body.duration("drain");
  set(command.until, body.until("until"));
  set(command.lock_wait, body.duration("lock_wait"));
  return finish(body, std::move(command), std::move(by));
}

ParseResult<WaitCommand> parse_wait(const json& object, const std::string& service) {
  BodyReader body(object);
  WaitCommand command;
  command.service = service;
  std::string by = read_common(body, command);
  set(command.pool, body.text("pool"));
  std::string healthy = body.text("healthy").value_or("all");
  Result<unsigned> count = parse_number(healthy);
  if (count && *count > 0) {
    command.healthy = *count;
  } else if (healthy != "all") {
    body.refuse("\"healthy\" must be \"all\" or a number of servers, at least \"1\"");
  }
  command.timeout = body.duration("timeout");
  if (command.pool.empty()) body.refuse("\"pool\" must name a pool");
  return finish(body, std::move(command), std::move(by));
}

ParseResult<LockCommand> parse_lock(const json& object, const std::string& service) {
  BodyReader body(object);
  LockCommand command;
  command.service = service;
  std::string by = read_common(body, command);
  command.ttl = body.duration("ttl");
  if (command.ttl == Duration::zero()) {
    body.refuse("\"ttl\" must be above 0s; without it the lock has no end");
  }
  set(command.lock_wait, body.duration("lock_wait"));
  set(command.hold, body.flag("hold"));
  return finish(body, std::move(command), std::move(by));
}

ParseResult<UnlockCommand> parse_unlock(const json& object, const std::string& service) {
  BodyReader body(object);
  UnlockCommand command;
  command.service = service;
  std::string by = read_common(body, command);
  set(command.force, body.flag("force"));
  return finish(body, std::move(command), std::move(by));
}

ParseResult<ServiceCommand> parse_reload(const json& object) {
  BodyReader body(object);
  ServiceCommand command;
  std::string by = read_common(body, command);
  return finish(body, std::move(command), std::move(by));
}

ParseResult<UpgradeCommand> parse_upgrade(const json& object) {
  BodyReader body(object);
  UpgradeCommand command;
  std::string by = read_common(body, command);
  set(command.binary, body.text("binary"));
  set(command.timeout, body.duration("timeout"));
  set(command.lock_wait, body.duration("lock_wait"));
  return finish(body, std::move(command), std::move(by));
}

}  // namespace tealgate
