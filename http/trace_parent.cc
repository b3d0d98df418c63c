#include "http/trace_parent.h"

#include <algorithm>

namespace tealgate {
namespace {

// version "-" trace-id "-" parent-id "-" flags
constexpr std::size_t kLength = 2 + 1 + 32 + 1 + 16 + 1 + 2;

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

// Later versions may say more behind it.
bool is_valid(std::string_view text) {
  if (text.size() < kLength) return false;
  const std::string_view version = text.substr(0, 2), id = text.substr(3, 32);
  const std::string_view parent = text.substr(36, 16), flags = text.substr(53, 2);
  for (const std::size_t dash : {2, 35, 52}) {
    if (text[dash] != '-') return false;
  }
  for (const std::string_view part : {version, id, parent, flags}) {
    if (!is_hex(part)) return false;
  }
  if (version == "ff" || is_zero(id) || is_zero(parent)) return false;
  return text.size() == kLength || (version != "00" && text[kLength] == '-');
}

}  // namespace

std::string_view trace_id(const RequestHead& head) {
  std::string_view found;
  for (const Field& field : head.fields) {
    if (!field.is_named("traceparent")) continue;
    if (found.data() != nullptr) return {};
    found = field.value;
  }
  return is_valid(found) ? found.substr(3, 32) : std::string_view();
}

}  // namespace tealgate
