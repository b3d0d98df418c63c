// Reads `logs.loki`. What stands in the files of passwords and tokens no message shows.
#pragma once

#include <optional>

#include "control/loki_settings.h"
#include "control/node_reader.h"

namespace tealgate {

// Nothing: it is reported what is wrong.
std::optional<LokiSettings> read_loki(NodeReader& reader, const ConfigNode& map);

}  // namespace tealgate
