#include "http/body_guard.h"

#include <algorithm>

namespace tealgate {

std::string_view BodyGuard::check(std::string_view framing) {
  for (const char c : framing) {
    if (after_cr_ != (c == '\n')) {
      return after_cr_ ? "a CR without LF in chunked framing"
                       : "an LF without CR in chunked framing";
    }
    after_cr_ = c == '\r';
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\r' && c != '\n' && c != '\t') || byte == 0x7f) {
      return "a control character in chunked framing";
    }
  }
  excess_ += framing.size();
  if (excess_ > slack_bytes_) return "too much chunk extension or trailer";
  return {};
}

void BodyGuard::on_chunk_line() {
  excess_ -= std::min<std::size_t>(excess_, 16);
}

void BodyGuard::on_data(std::size_t bytes) {
  excess_ -= std::min(excess_, 2 * bytes);
}

}  // namespace tealgate
