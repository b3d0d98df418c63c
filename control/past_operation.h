// What became of an operation that this daemon does not remember, read from the history: it ended
// before a restart, or longer ago than Operations keeps.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <vector>

namespace tealgate {

// The line that tells of its end, completed by what its decision's line says. Nothing if no line of
// `history` (newest last) tells of an end of it.
std::optional<nlohmann::ordered_json> past_operation(
    const std::vector<nlohmann::ordered_json>& history, std::string_view id);

// Of such a line: the answer that `tealgate wait --operation` gives.
nlohmann::ordered_json past_result(const nlohmann::ordered_json& line);
// OPERATION of docs/control-api.md.
nlohmann::ordered_json past_object(const nlohmann::ordered_json& line);

}  // namespace tealgate
