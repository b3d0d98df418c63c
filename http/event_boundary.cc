#include "http/event_boundary.h"

#include <algorithm>

namespace tealgate {

namespace {

constexpr std::size_t kLongestBoundary = 4;  // CR LF CR LF

}  // namespace

void EventBoundary::take(std::string_view bytes) {
  if (bytes.size() >= kLongestBoundary) {
    bytes.remove_prefix(bytes.size() - kLongestBoundary);
    line_ends_ = 0;
    after_cr_ = false;
  }
  for (const char c : bytes) take_one(c);
}

std::size_t EventBoundary::take_event(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    take_one(bytes[taken++]);
    const bool is_cut_crlf = after_cr_ && taken < bytes.size() && bytes[taken] == '\n';
    if (is_at_boundary() && !is_cut_crlf) break;
  }
  return taken;
}

// Lines end with LF, CR LF or CR alone.
void EventBoundary::take_one(char c) {
  const bool ends_line = c == '\r' || (c == '\n' && !after_cr_);
  if (ends_line) {
    line_ends_ = static_cast<std::uint8_t>(std::min(line_ends_ + 1, 2));
  } else if (c != '\n') {
    line_ends_ = 0;
  }
  after_cr_ = c == '\r';
}

}  // namespace tealgate
