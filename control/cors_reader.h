// Reads `cors`: whose browsers' scripts may read a service's answers.
#pragma once

#include <optional>

#include "control/node_reader.h"
#include "http/cors.h"

namespace tealgate {

// `inherited` with what `node` says; none is `passthrough`.
std::optional<CorsPolicy::Terms> read_cors(NodeReader& reader, const ConfigNode& node,
                                           OptionContext context,
                                           std::optional<CorsPolicy::Terms> inherited);

}  // namespace tealgate
