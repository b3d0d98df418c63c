// Finds where a head ends, in bytes that may come in any pieces; looks at line ends only.
//
// What it says depends on the bytes alone and never on how they were cut: each limit is a position,
// and the first violation counts. No byte is looked at twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tealgate {

class HeadScanner {
 public:
  enum class Outcome : std::uint8_t { NeedMore, Found, BareLineFeed, FirstLineTooLong, TooLong };
  struct Step {
    Outcome outcome;
    std::size_t consumed;  // with Found: the head ends here; with NeedMore: all
  };

  // The first line, with its CRLF, may have `first_line_bytes`, the head `head_bytes`.
  HeadScanner(std::size_t first_line_bytes, std::size_t head_bytes)
      : first_line_bytes_(first_line_bytes), head_bytes_(head_bytes) {}

  // `bytes` follow on those of the calls before.
  Step scan(std::string_view bytes);

  // The bytes scanned without an end.
  std::size_t scanned() const { return scanned_; }
  void reset();

 private:
  Step stop(std::size_t consumed) const;

  std::size_t first_line_bytes_;
  std::size_t head_bytes_;
  std::size_t scanned_ = 0;
  std::size_t line_bytes_ = 0;  // of the line that has not ended yet
  bool in_first_line_ = true;
  bool after_cr_ = false;
};

}  // namespace tealgate
