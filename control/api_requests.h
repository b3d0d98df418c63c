// Makes commands of JSON bodies: every field checked, unknown ones refused. Pure;
// docs/control-api.md is the contract.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "control/command.h"

namespace tealgate {

// The body of a POST as an object; an empty body is an empty object. No larger than kLargestBody.
Result<nlohmann::json, CommandError> parse_body(std::string_view text);
inline constexpr std::size_t kLargestBody = std::size_t{64} * 1024;

// A command, and who the caller claims to be ("" if he does not say).
template <class Command>
struct ParsedCommand {
  Command command;
  std::string by;
};
template <class Command>
using ParseResult = Result<ParsedCommand<Command>, CommandError>;

ParseResult<SwitchCommand> parse_switch(const nlohmann::json& body, const std::string& service);
ParseResult<RollbackCommand> parse_rollback(const nlohmann::json& body, const std::string& service);
ParseResult<WaitCommand> parse_wait(const nlohmann::json& body, const std::string& service);
ParseResult<LockCommand> parse_lock(const nlohmann::json& body, const std::string& service);
ParseResult<UnlockCommand> parse_unlock(const nlohmann::json& body, const std::string& service);
// A reload has the common fields only.
ParseResult<ServiceCommand> parse_reload(const nlohmann::json& body);
ParseResult<UpgradeCommand> parse_upgrade(const nlohmann::json& body);

struct ServerPath {
  std::string service;
  std::string pool;
  std::string server;
};
ParseResult<ServerStateCommand> parse_server_state(const nlohmann::json& body,
                                                   const ServerPath& path);

// 1–64 of [A-Za-z0-9._-].
bool is_operation_id(std::string_view id);

}  // namespace tealgate
