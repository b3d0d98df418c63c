// "Did you mean": the nearest of the words that would have been right.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tealgate {

// The candidate with the fewest typing errors (a letter wrong, missing, added, or two swapped;
// capitals do not count), the first of several. Empty if none is near.
std::string suggest(std::string_view word, std::span<const std::string> candidates);
std::string suggest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace tealgate
