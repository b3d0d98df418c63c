// Makes a Config of a parsed tree: every key, every value, and what they must be to each other.
//
// An error in one place does not end the reading: all are reported, each once, and a Config that
// has errors is thrown away. service_reader does what lies below `services` and `defaults`.
#pragma once

#include "control/config.h"
#include "control/config_surroundings.h"
#include "control/config_tree.h"

namespace tealgate {

Config read_config(const ConfigNode& root, const ConfigSurroundings& surroundings,
                   Findings& findings);

}  // namespace tealgate
