// Splits a command line into words as a shell would, for lines that no shell may see: nothing in it
// is expanded, and what a shell would act on is refused instead of guessed at.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tealgate::cli {

// Words end at blanks; 'single' and "double" quotes keep them together, and join what touches them.
// The error is one sentence.
Result<std::vector<std::string>> split_words(std::string_view line);

inline constexpr std::size_t kLongestLine = std::size_t{16} * 1024;

}  // namespace tealgate::cli
