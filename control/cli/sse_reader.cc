#include "control/cli/sse_reader.h"

#include <utility>

namespace tealgate::cli {

bool SseReader::feed(std::string_view bytes) {
  for (;;) {
    const std::size_t newline = bytes.find('\n');
    line_.append(bytes.substr(0, newline));
    if (newline == std::string_view::npos) return line_.size() <= kLongestLine;
    bytes.remove_prefix(newline + 1);
    const std::string line = std::exchange(line_, {});
    take_line(line.ends_with('\r') ? std::string_view(line).substr(0, line.size() - 1) : line);
  }
}

void SseReader::take_line(std::string_view line) {
  if (line.empty()) {
    const SseMessage message = std::exchange(message_, {});
    if (std::exchange(has_data_, false)) on_message_(message);
    return;
  }
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == line.npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "event") message_.event = value;
  if (name == "id") message_.id = value;
  if (name != "data") return;
  if (has_data_) message_.data += '\n';
  message_.data += value;
  has_data_ = true;
}

}  // namespace tealgate::cli
