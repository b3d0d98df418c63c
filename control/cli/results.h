// What a command says at its end, as text: results, refusals and history of docs/control-api.md.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/clock.h"
#include "control/cli/daemon.h"

namespace tealgate::cli {

// The result object of switch, rollback and server states in one sentence, without a line end.
std::string describe_result(const nlohmann::ordered_json& result);

// The result of an upgrade, likewise.
std::string describe_upgrade(const nlohmann::ordered_json& result);

// The object under "error" with its details and its hint, each line ended.
std::string describe_error(const nlohmann::ordered_json& error);

// An entry of the history in one line, without its end.
std::string describe_entry(const nlohmann::ordered_json& entry, WallTime now);

// An event of docs/control-api.md, likewise: time, level and message.
std::string describe_event(const nlohmann::ordered_json& event, WallTime now);

// The error object for an answer that did not come: exits 3, 8, 14 and 130.
nlohmann::ordered_json error_of(const Answer& answer, const Request& request);

// {"ok":false,"error":{…}} for what the command line itself refuses.
nlohmann::ordered_json own_error(const std::string& code, int exit, const std::string& message,
                                 const std::string& hint);

}  // namespace tealgate::cli
