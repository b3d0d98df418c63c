// How words stand out on a terminal. Colour is never the only sign: the words say the same.
#pragma once

#include <string>
#include <string_view>

namespace tealgate::cli {

enum class Tone : unsigned char { Plain, Good, Warning, Bad, Faint, Strong, Blue, Green, Inverse };

enum class Paint : unsigned char { Off, On };

std::string painted(std::string_view text, Tone tone, Paint paint);

// Of a health word, an administrative state or a service's state.
Tone tone_of_state(std::string_view state);

}  // namespace tealgate::cli
