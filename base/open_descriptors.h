// What the process holds open, for the check at its end that nothing is left.
#pragma once

#include <set>
#include <string>

namespace tealgate {

// "12: socket:[4711]", one a descriptor.
std::set<std::string> open_descriptors();

}  // namespace tealgate
