#include "control/suggestions.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

#include "base/suggest.h"
#include "control/neighbours.h"

namespace tealgate {
namespace {

// "Server-Name" → "servername".
std::string reduce(std::string_view word) {
  std::string reduced;
  for (char c : word) {
    if (c == '_' || c == '-' || c == ' ' || c == '.') continue;
    reduced += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return reduced;
}

// Whether `key` is an option or a group of options in `option`'s row.
bool is_at_or_below(const Option& option, std::string_view key) {
  return option.key.starts_with(key) &&
         (option.key.size() == key.size() || option.key[key.size()] == '.');
}

std::string_view place_of(OptionScope scope) {
  switch (scope) {
    case OptionScope::File:
      return "at the top level";
    case OptionScope::Listener:
      return "in an entry of \"listen\"";
    case OptionScope::Socket:
      return "in an entry of \"control.socket\"";
    case OptionScope::Dashboard:
      return "in control.dashboard";
    case OptionScope::Token:
      return "in an entry of \"control.dashboard.tokens\"";
    case OptionScope::Service:
      return "in services.NAME";
    case OptionScope::Settings:
      return "in services.NAME or in defaults";
    case OptionScope::Pool:
      return "in a pool's map";
    case OptionScope::Server:
      return "in a server's map";
  }
  return "";
}

// A suggestion of `key`, told from where the reader of the message stands.
KeySuggestion point_at(OptionContext context, std::string_view prefix, std::string_view key) {
  const auto reachable = std::ranges::find_if(options(), [&](const Option& option) {
    return takes(context, option.scope) && is_at_or_below(option, key);
  });
  if (reachable != options().end()) {
    const std::string_view name = key.starts_with(prefix) ? key.substr(prefix.size()) : key;
    return {std::string(key), fmt::format("did you mean \"{}\"?", name)};
  }
  const auto elsewhere = std::ranges::find_if(
      options(), [&](const Option& option) { return is_at_or_below(option, key); });
  if (elsewhere == options().end()) return {};
  return {std::string(key),
          fmt::format("did you mean \"{}\", {}?", key, place_of(elsewhere->scope))};
}

// The neighbour's row for `word` whose key can stand nearest to where it was found; null if there
// is none.
const Neighbour* find_neighbour(OptionContext context, std::string_view prefix,
                                std::string_view word) {
  const Neighbour* first = nullptr;
  for (const Neighbour& row : neighbours()) {
    if (row.word != word) continue;
    if (find_option(context, row.key) && row.key.starts_with(prefix)) return &row;
    if (!first) first = &row;
  }
  return first;
}

// `drain` in a service is a key of `switch` there.
KeySuggestion suggest_place(OptionContext context, std::string_view prefix, std::string_view word) {
  const Option* found = nullptr;
  for (const Option& option : options()) {
    const std::size_t dot = option.key.rfind('.');
    const std::string_view last = option.key.substr(dot == std::string_view::npos ? 0 : dot + 1);
    const bool is_meant = last == word || is_at_or_below(option, word);
    if (is_meant && (!found || takes(context, option.scope))) found = &option;
    if (is_meant && takes(context, option.scope)) break;
  }
  if (!found) return {};
  return point_at(context, prefix, is_at_or_below(*found, word) ? word : found->key);
}

}  // namespace

KeySuggestion suggest_key(OptionContext context, std::string_view prefix, std::string_view word) {
  if (word.find('.') != std::string_view::npos &&
      find_option(context, fmt::format("{}{}", prefix, word))) {
    const std::size_t dot = word.find('.');
    return {std::string(word), fmt::format("write it nested: {}: {{ {}: … }}", word.substr(0, dot),
                                           word.substr(dot + 1))};
  }
  const std::vector<std::string_view> names = child_keys(context, prefix);
  const std::string reduced = reduce(word);
  for (std::string_view name : names)
    if (reduce(name) == reduced)
      return point_at(context, prefix, fmt::format("{}{}", prefix, name));
  if (const Neighbour* row = find_neighbour(context, prefix, reduced)) {
    if (row->key.empty()) return {"", std::string(row->note)};
    return point_at(context, prefix, row->key);
  }
  if (KeySuggestion place = suggest_place(context, prefix, word); !place.key.empty()) return place;
  const std::string near = suggest(word, std::span<const std::string_view>(names));
  if (near.empty()) return {};
  return point_at(context, prefix, fmt::format("{}{}", prefix, near));
}

}  // namespace tealgate
