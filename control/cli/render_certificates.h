// Certificates as `tealgate status` shows them to people: a line each.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/cli/render_status.h"

namespace tealgate::cli {

// Of a whole status; empty without certificates. With a line end.
std::string render_certificates(const nlohmann::ordered_json& status, const Look& look);

}  // namespace tealgate::cli
