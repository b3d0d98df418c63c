// What `tealgate demo` was asked for, as values.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "control/cli/arguments.h"
#include "control/cli/cli.h"

namespace tealgate::cli {

// The error is one sentence.
tl::expected<DemoArguments, std::string> demo_arguments(const Arguments& arguments);

}  // namespace tealgate::cli
