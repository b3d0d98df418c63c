// An invalid config as the answer to a command: what was found, place by place.
#pragma once

#include <vector>

#include "control/command.h"
#include "control/diagnostics.h"

namespace tealgate {

// `diagnostics` has at least one error; warnings are left out.
CommandError config_error(const std::vector<Diagnostic>& diagnostics);

}  // namespace tealgate
