// `tealgate check` and the arguments of `tealgate demo`: what the command line does without a
// daemon.
#pragma once

#include <ostream>

#include "control/cli/arguments.h"

namespace tealgate::cli {

// Reads the config file and prints what is wrong with it: exit 0 or 7.
int check_config(const Arguments& arguments, std::ostream& out, std::ostream& err);

}  // namespace tealgate::cli
