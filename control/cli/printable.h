// What others said, made fit for a terminal: an app's answer, a label, a reason may hold anything.
#pragma once

#include <string>

namespace tealgate::cli {

// The text in one line, with a blank for each control character (DEL, C1 and those
// that turn the direction of text, too): a terminal shall not obey it.
std::string printable(std::string text);

}  // namespace tealgate::cli
