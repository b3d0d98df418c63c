// The table of servers of `tealgate top`. Pure.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "control/cli/fitted_text.h"
#include "control/cli/live_model.h"
#include "control/cli/top_view.h"

namespace tealgate::cli {

// The head, and of each server its row, with the reason below if its last check failed. A table of
// more than `rows` lines ends with how many servers are left out.
std::vector<ScreenLine> server_table(const LiveModel& model, const TopState& state, ScreenSize room,
                                     const Look& look);

// The letter by which a pool of the service is told from the others: "G".
std::string letter_of(const nlohmann::ordered_json& service, const std::string& pool);

// "1 248"; "–" for none.
std::string count_text(std::uint64_t count);
std::string latency_text(const std::optional<double>& ms);

}  // namespace tealgate::cli
