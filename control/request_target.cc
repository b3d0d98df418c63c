#include "control/request_target.h"

#include <charconv>

namespace tealgate {
namespace {

// Takes the part before the next `separator` off `text`.
std::string_view take_part(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t slash = path.find('/', begin);
    parts.push_back(path.substr(begin, slash - begin));
    if (slash == std::string_view::npos) return parts;
    begin = slash + 1;
  }
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    char c = text.front();
    std::size_t size = 1;
    if (c == '%') {
      if (text.size() < 3) return {};
      unsigned value = 0;
      const char* end = text.data() + 3;
      if (std::from_chars(text.data() + 1, end, value, 16).ptr != end) return {};
      if (value < 0x20 || value == 0x7f) return {};
      c = static_cast<char>(value);
      size = 3;
    }
    result += c;
    text.remove_prefix(size);
  }
  return result;
}

std::optional<std::vector<std::string>> match_path(std::string_view pattern,
                                                   std::string_view path) {
  const std::vector<std::string_view> wanted = segments(pattern);
  const std::vector<std::string_view> given = segments(path);
  if (wanted.size() != given.size()) return {};
  std::vector<std::string> captured;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].starts_with('{')) {
      if (wanted[i] != given[i]) return {};
      continue;
    }
    std::optional<std::string> value = percent_decoded(given[i]);
    if (!value || value->empty()) return {};
    captured.push_back(std::move(*value));
  }
  return captured;
}

std::optional<std::string_view> undecodable_part(std::string_view query) {
  while (!query.empty()) {
    const std::string_view pair = take_part(query, '&');
    if (!percent_decoded(pair)) return pair;
  }
  return {};
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    std::string_view pair = take_part(query, '&');
    if (take_part(pair, '=') == name) return percent_decoded(pair);
  }
  return {};
}

}  // namespace tealgate
