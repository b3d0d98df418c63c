// What became of an operation that this daemon does not remember, read from the history: it ended
// before a restart, or longer ago than Operations keeps.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <vector>

namespace tealgate {

// The answer that `tealgate wait --operation` gives. Nothing if no line of `history` (newest last)
// tells of an end of it.
std::optional<nlohmann::ordered_json> past_result(
    const std::vector<nlohmann::ordered_json>& history, std::string_view operation);

}  // namespace tealgate
