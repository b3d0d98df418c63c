// Replaces ${VAR}, ${VAR:-default}, ${VAR:?message} and ${file:path} in the scalars of a parsed
// file; "$${" is "${".
//
// It runs after parsing, so that no value can change the structure of the file, and it never
// touches keys.
#pragma once

#include <string>
#include <string_view>

#include "control/config_surroundings.h"
#include "control/config_tree.h"

namespace tealgate {

// Relative paths of ${file:…} start at `folder`. One line end at a file's end is dropped. An error
// says what is wrong without showing any value.
Result<std::string> substitute(std::string_view text, const std::string& folder,
                               const ConfigSurroundings& surroundings);

// The same for every scalar below `node`; a scalar that fails is reported and marked.
void substitute_tree(ConfigNode& node, const std::string& folder,
                     const ConfigSurroundings& surroundings, Findings& findings);

}  // namespace tealgate
