// Reads `logs`: where the access log goes, what it looks like, and the Loki that gets it, too.
#pragma once

#include "control/config.h"
#include "control/node_reader.h"

namespace tealgate {

LogConfig read_log_config(NodeReader& reader, const ConfigNode& map);

}  // namespace tealgate
