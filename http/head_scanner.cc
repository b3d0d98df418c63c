#include "http/head_scanner.h"

#include <algorithm>
#include <cstring>

namespace tealgate {

HeadScanner::Step HeadScanner::scan(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const void* const found = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    const std::size_t limit =
        in_first_line_ ? std::min(first_line_bytes_, head_bytes_) : head_bytes_;
    if (!found) {
      line_bytes_ += bytes.size() - at;
      after_cr_ = bytes.back() == '\r';
      break;
    }
    const auto line_feed = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (scanned_ + line_feed >= limit) return stop(line_feed);
    const bool has_cr = line_feed > at ? bytes[line_feed - 1] == '\r' : after_cr_;
    if (!has_cr) return {Outcome::BareLineFeed, line_feed};
    line_bytes_ += line_feed + 1 - at;
    if (line_bytes_ == 2) return {Outcome::Found, line_feed + 1};
    at = line_feed + 1;
    line_bytes_ = 0;
    in_first_line_ = false;
    after_cr_ = false;
  }
  scanned_ += bytes.size();
  const std::size_t limit = in_first_line_ ? std::min(first_line_bytes_, head_bytes_) : head_bytes_;
  if (scanned_ >= limit) return stop(bytes.size());
  return {Outcome::NeedMore, bytes.size()};
}

HeadScanner::Step HeadScanner::stop(std::size_t consumed) const {
  const bool is_first_line = in_first_line_ && first_line_bytes_ <= head_bytes_;
  return {is_first_line ? Outcome::FirstLineTooLong : Outcome::TooLong, consumed};
}

void HeadScanner::reset() {
  scanned_ = 0;
  line_bytes_ = 0;
  in_first_line_ = true;
  after_cr_ = false;
}

}  // namespace tealgate
