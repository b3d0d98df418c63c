// Makes one contiguous block of a head, or of a body's trailers, that comes in any pieces: in place
// if it came whole, else gathered in here, bounded by the limits. Skips the empty lines before a
// request line (RFC 9112 2.2), and gives up at the first byte that no head can begin with rather
// than at a deadline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/head_fault.h"
#include "http/head_scanner.h"

namespace tealgate {

class HeadAssembler {
 public:
  enum class Kind : std::uint8_t { Request, Response, Trailers };

  // Of the others only `head_bytes` counts.
  HeadAssembler(Kind kind, std::size_t target_bytes, std::size_t head_bytes);

  struct Step {
    std::size_t consumed = 0;
    std::string_view block;  // the whole head; empty: more is needed, or `fault` says what is wrong
    HeadFault fault = {};
  };

  // `bytes` follow on those of the calls before. A block in here stays valid until reset().
  Step take(std::string_view bytes);

  // Whether anything but empty lines has come.
  bool has_begun() const { return begun_; }
  // Ready for the next head, holding no memory.
  void reset();

 private:
  std::size_t skip_empty_lines(std::string_view bytes);
  bool may_begin_with(char first) const;
  static HeadFault fault_of(HeadScanner::Outcome outcome);

  Kind kind_;
  bool begun_ = false;
  bool skipping_cr_ = false;  // the last byte was the CR of an empty line
  HeadScanner scanner_;
  std::string gathered_;
};

}  // namespace tealgate
