#include "control/cli/printable.h"

#include <string_view>

namespace tealgate::cli {
namespace {

// Bytes of the control character that `text` begins with; 0: another character.
std::size_t control_length(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  if (byte(0) < 0x20 || byte(0) == 0x7f) return 1;
  // In UTF-8: U+0080 to U+009F.
  if (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) < 0xa0) return 2;
  // U+061C, the mark of Arabic text.
  if (byte(0) == 0xd8 && byte(1) == 0x9c) return 2;
  if (byte(0) != 0xe2) return 0;
  // U+200E and U+200F, U+2028 to U+202E: marks, lines, embeddings and overrides.
  const bool is_mark = byte(1) == 0x80 &&
                       (byte(2) == 0x8e || byte(2) == 0x8f || (byte(2) >= 0xa8 && byte(2) <= 0xae));
  // U+2066 to U+2069: isolates.
  const bool is_isolate = byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9;
  return is_mark || is_isolate ? 3 : 0;
}

}  // namespace

std::string printable(std::string text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t length = control_length(std::string_view(text).substr(i));
    if (length > 0) text.replace(i, length, " ");
  }
  return text;
}

}  // namespace tealgate::cli
