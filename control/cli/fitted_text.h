// Text in columns of a terminal: a character is not a byte, and may be two columns wide.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "control/cli/tone.h"

namespace tealgate::cli {

// How many columns UTF-8 text without control characters takes.
std::size_t columns_of(std::string_view text);

// The text in at most `columns`, its end replaced by "…" if it is longer.
std::string cut_to(std::string_view text, std::size_t columns);

// Lines, each ended and perhaps coloured, for a terminal that has so many rows, the last of which
// is the cursor's: where they do not fit, the first that do, and a line that says so.
std::string fit_rows(std::string_view text, std::size_t rows, std::size_t columns);

// The text in exactly `columns`.
std::string left(std::string_view text, std::size_t columns);
std::string right(std::string_view text, std::size_t columns);

// A line made of pieces that stand out differently.
class ScreenLine {
 public:
  ScreenLine() = default;
  explicit ScreenLine(std::string text, Tone tone = Tone::Plain) { add(std::move(text), tone); }

  ScreenLine& add(std::string text, Tone tone = Tone::Plain);
  // In at most `columns`.
  std::string text(std::size_t columns, Paint paint) const;

 private:
  struct Piece {
    std::string text;
    Tone tone;
  };
  std::vector<Piece> pieces_;
};

}  // namespace tealgate::cli
