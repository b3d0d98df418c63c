// What strict llhttp does not mind between the chunks of a body: line ends that are not CRLF,
// control characters, and endless extensions and trailers.
//
// Sees the framing bytes alone (chunk lines, the CRLF after a chunk, trailers). Its verdict depends
// on the bytes and not on how they are cut.
#pragma once

#include <cstddef>
#include <string_view>

namespace tealgate {

class BodyGuard {
 public:
  // `slack_bytes` is how far framing may outweigh data: chunk lines have 16 bytes free, and each
  // data byte earns two.
  explicit BodyGuard(std::size_t slack_bytes) : slack_bytes_(slack_bytes) {}

  // The next framing bytes. What is wrong with them, or an empty view.
  std::string_view check(std::string_view framing);
  // A chunk line ended.
  void on_chunk_line();
  void on_data(std::size_t bytes);
  void reset() { *this = BodyGuard(slack_bytes_); }

 private:
  std::size_t slack_bytes_;
  std::size_t excess_ = 0;
  bool after_cr_ = false;
};

}  // namespace tealgate
