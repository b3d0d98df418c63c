// What history lacks after a crash. Pure.
//
// A decision goes to state.json first and to history.jsonl second: a crash between leaves a
// decision without its line. A crash later leaves a decided operation without its end.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "control/decisions.h"

namespace tealgate {

// `history` holds the newest lines, up to History::kRemembered, newest last.
// The lines to append: `decided` (with "recovered":true) for each service whose revision has none,
// and `interrupted` for each operation that was decided and has no end.
std::vector<nlohmann::ordered_json> lines_after_crash(
    const Decisions& decisions, const std::vector<nlohmann::ordered_json>& history, WallTime now);

}  // namespace tealgate
