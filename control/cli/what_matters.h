// What of STATUS is worth a new block of `status --follow`. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace tealgate::cli {

// STATUS without the counts and latencies that move each second.
nlohmann::ordered_json what_matters(nlohmann::ordered_json status);

}  // namespace tealgate::cli
