// The files of programs that a daemon is started from.
#pragma once

#include <string>

namespace tealgate {

// The path of the program that runs, to start it anew from: as it was called, if that is a path to
// it (perhaps through a link that points to another version later), else where it lies.
std::string own_binary();

// Why `binary` cannot be run; empty: it can be tried.
std::string why_not_runnable(const std::string& binary);

}  // namespace tealgate
