// Reads the configuration file: YAML text in, plain values or every error out.
//
// The one place that knows yaml-cpp, and where its exceptions end. It turns the text into a
// ConfigNode tree, which config_reader makes a Config of. Blocks (files, name resolution): call it
// at start or in a thread-pool job; it keeps no state and may run on any thread.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "control/config.h"
#include "control/config_surroundings.h"
#include "control/diagnostics.h"

namespace tealgate {

struct ParsedConfig {
  Config config;
  std::vector<Diagnostic> warnings;
};

// Errors (never empty) are those of the whole file, in its order, with its warnings between them.
using ConfigResult = tl::expected<ParsedConfig, std::vector<Diagnostic>>;

ConfigResult load_config(const std::string& path,
                         const ConfigSurroundings& surroundings = ConfigSurroundings::real());

// The same for a text; `path` is named in diagnostics, and relative ${file:…} paths start at its
// folder.
ConfigResult parse_config(std::string_view text, const std::string& path,
                          const ConfigSurroundings& surroundings = ConfigSurroundings::real());

// No file is larger than this.
inline constexpr std::size_t kLargestConfig = std::size_t{1024} * 1024;

}  // namespace tealgate
