#include "http/field_name.h"

#include <algorithm>

#include "http/guard.h"

namespace tealgate {

namespace {

char folded(char c) {
  if (c == '_') return '-';
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

}  // namespace

bool folds_to(std::string_view name, std::string_view lower) {
  return name.size() == lower.size() && begins_like(name, lower);
}

bool begins_like(std::string_view name, std::string_view lower) {
  if (name.size() < lower.size()) return false;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if (folded(name[i]) != lower[i]) return false;
  }
  return true;
}

bool is_field_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_plain_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7f;
  });
}

}  // namespace tealgate
