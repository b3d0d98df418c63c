// Whether what the flags of `tealgate logs` name is there: a name with a typing error would show
// nothing, and say nothing. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "control/cli/arguments.h"

namespace tealgate::cli {

// {"ok":false,"error":{…}} for the first of -s, --pool and --server that names what none of
// `services`, a status's, has. None if all is well.
std::optional<nlohmann::ordered_json> unknown_name(const Arguments& arguments,
                                                   const nlohmann::ordered_json& services);

}  // namespace tealgate::cli
