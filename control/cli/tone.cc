#include "control/cli/tone.h"

#include <fmt/core.h>

namespace tealgate::cli {

std::string painted(std::string_view text, Tone tone, Paint paint) {
  if (paint == Paint::Off || tone == Tone::Plain) return std::string(text);
  static constexpr const char* kCodes[] = {"0", "32", "33", "31", "2", "1", "34;1", "32;1", "7"};
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<int>(tone)], text);
}

Tone tone_of_state(std::string_view state) {
  if (state == "ok" || state == "up") return Tone::Good;
  if (state == "degraded" || state == "drain" || state == "maint") return Tone::Warning;
  return state == "down" ? Tone::Bad : Tone::Faint;
}

}  // namespace tealgate::cli
