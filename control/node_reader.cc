#include "control/node_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/scalar_values.h"
#include "control/suggestions.h"

namespace tealgate {
namespace {

// `address:1.2.3.4:80` in a flow map is one word to YAML: a key without a value.
std::string hint_missing_space(const ConfigEntry& entry, OptionContext context,
                               std::string_view prefix) {
  const std::size_t colon = entry.key.find(':');
  if (colon == std::string::npos || entry.value.kind != ConfigNode::Kind::Null) return {};
  const std::string name = entry.key.substr(0, colon);
  const std::vector<std::string_view> names = child_keys(context, prefix);
  if (std::ranges::find(names, name) == names.end()) return {};
  return fmt::format("put a space after \"{}:\"", name);
}

// For a number that lacks its unit.
std::string hint_unit(std::string_view text, OptionType type) {
  const bool is_number = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) return {};
  if (type == OptionType::TimeSpan) return fmt::format("did you mean \"{}s\"?", text);
  if (type == OptionType::Size) return fmt::format("did you mean \"{}KiB\"?", text);
  if (type == OptionType::Percent) return fmt::format("did you mean \"{}%\"?", text);
  return {};
}

std::string_view kind_in_words(const ConfigNode& node) {
  switch (node.kind) {
    case ConfigNode::Kind::Null:
      return "nothing";
    case ConfigNode::Kind::Scalar:
      return "a single value";
    case ConfigNode::Kind::List:
      return "a list";
    default:
      return "a map";
  }
}

}  // namespace

std::string shown(const ConfigNode& node) {
  constexpr std::size_t kLongest = 60;
  std::string value;
  for (char c : node.raw.substr(0, kLongest))
    value += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  while (!value.empty() && node.raw.size() > kLongest &&
         (static_cast<unsigned char>(node.raw[value.size()]) & 0xC0) == 0x80)
    value.pop_back();
  return fmt::format("\"{}{}\"", value, node.raw.size() > kLongest ? "…" : "");
}

void NodeReader::reject(const ConfigNode& node, std::string_view label, const ValueError& error) {
  const bool is_secret = node.is_scalar() && node.raw != node.text;
  findings_.error(node.at, fmt::format("{}: {} {}", label, shown(node), error.message),
                  is_secret ? "" : error.hint);
}

bool NodeReader::is_map(const ConfigNode& node, std::string_view label) {
  if (node.is_bad) return false;
  if (node.is_map() && (!node.entries.empty() || node.is_incomplete)) return true;
  if (node.is_map()) {
    findings_.error(node.at, fmt::format("{} is empty", label));
  } else if (!node.is_incomplete) {
    findings_.error(node.at, fmt::format("{} must be a map, not {}", label, kind_in_words(node)),
                    "write its keys below it, indented by two spaces");
  }
  return false;
}

std::vector<std::string> NodeReader::check_keys(const ConfigNode& map, OptionContext context,
                                                std::string_view prefix) {
  std::vector<std::string> meant;
  const std::vector<std::string_view> names = child_keys(context, prefix);
  for (const ConfigEntry& entry : map.entries) {
    if (entry.is_bad_key || std::ranges::find(names, entry.key) != names.end()) continue;
    KeySuggestion suggestion = suggest_key(context, prefix, entry.key);
    if (std::string hint = hint_missing_space(entry, context, prefix); !hint.empty())
      suggestion = {fmt::format("{}{}", prefix, entry.key.substr(0, entry.key.find(':'))), hint};
    findings_.error(entry.at, fmt::format("unknown key \"{}{}\"", prefix, entry.key),
                    suggestion.hint);
    meant.push_back(std::move(suggestion.key));
  }
  return meant;
}

std::optional<std::string> NodeReader::text(const ConfigNode& node, std::string_view label) {
  if (node.is_bad) return std::nullopt;
  if (node.is_scalar() && !node.text.empty()) return node.text;
  if (node.is_scalar()) {
    findings_.error(node.at, fmt::format("{} is empty", label));
  } else if (node.kind == ConfigNode::Kind::Null) {
    findings_.error(node.at, fmt::format("{} has no value", label),
                    "write one behind the colon, or leave the key out");
  } else if (!node.is_incomplete) {
    findings_.error(node.at,
                    fmt::format("{} must be a single value, not {}", label, kind_in_words(node)),
                    node.is_map() ? "a value with { } or \": \" in it must be quoted" : "");
  }
  return std::nullopt;
}

std::vector<const ConfigNode*> NodeReader::scalars(const ConfigNode& node, std::string_view label) {
  std::vector<const ConfigNode*> found;
  if (!node.is_list()) {
    if (text(node, label)) found.push_back(&node);
    return found;
  }
  if (node.items.empty() && !node.is_incomplete)
    findings_.error(node.at, fmt::format("{} is an empty list", label));
  for (const ConfigNode& item : node.items)
    if (text(item, label)) found.push_back(&item);
  return found;
}

template <class T>
std::optional<T> NodeReader::bounded(const ConfigNode& node, const Option& option,
                                     Result<T> (*parse)(std::string_view)) {
  const std::optional<std::string> written = text(node, option.key);
  if (!written) return std::nullopt;
  const Result<T> value = parse(*written);
  if (!value) {
    reject(node, option.key, {value.error().message, hint_unit(*written, option.type)});
    return std::nullopt;
  }
  if (*value < parse(option.lowest).value_or(*value) ||
      *value > parse(option.highest).value_or(*value)) {
    reject(node, option.key,
           {fmt::format("is out of range: {} to {}", option.lowest, option.highest), ""});
    return std::nullopt;
  }
  return *value;
}

std::optional<Duration> NodeReader::duration(const ConfigNode& node, const Option& option) {
  return bounded<Duration>(node, option, parse_duration);
}

std::optional<std::uint64_t> NodeReader::size(const ConfigNode& node, const Option& option) {
  return bounded<std::uint64_t>(node, option, parse_size);
}

std::optional<unsigned> NodeReader::number(const ConfigNode& node, const Option& option) {
  return bounded<unsigned>(node, option, parse_number);
}

std::optional<unsigned> NodeReader::percent(const ConfigNode& node, const Option& option) {
  return bounded<unsigned>(node, option, parse_percent);
}

std::optional<bool> NodeReader::flag(const ConfigNode& node, std::string_view label) {
  const std::optional<std::string> word = text(node, label);
  if (!word) return std::nullopt;
  if (*word == "true") return true;
  if (*word == "false") return false;
  const bool means_yes = *word == "yes" || *word == "on" || *word == "True" || *word == "1";
  const bool means_no = *word == "no" || *word == "off" || *word == "False" || *word == "0";
  reject(node, label,
         {"is neither true nor false", means_yes  ? "write true"
                                       : means_no ? "write false"
                                                  : ""});
  return std::nullopt;
}

// What both kinds of slots have.
template <class Target>
bool NodeReader::store_plain(const ConfigNode& node, const Option& option, Target& target) {
  if (const auto* span = std::get_if<Duration& (*)(Target&)>(&option.slot)) {
    if (const auto value = duration(node, option)) (*span)(target) = *value;
  } else if (const auto* bytes = std::get_if<std::uint64_t& (*)(Target&)>(&option.slot)) {
    if (const auto value = size(node, option)) (*bytes)(target) = *value;
  } else if (const auto* count = std::get_if<unsigned& (*)(Target&)>(&option.slot)) {
    const bool is_percent = option.type == OptionType::Percent;
    if (const auto value = is_percent ? percent(node, option) : number(node, option))
      (*count)(target) = *value;
  } else {
    return false;
  }
  return true;
}

bool NodeReader::store(const ConfigNode& node, const Option& option, ServiceSettings& settings) {
  const auto* port = std::get_if<std::uint16_t& (*)(ServiceSettings&)>(&option.slot);
  if (!port) return store_plain(node, option, settings);
  if (const auto value = number(node, option))
    (*port)(settings) = static_cast<std::uint16_t>(*value);
  return true;
}

bool NodeReader::store(const ConfigNode& node, const Option& option, Config& config) {
  return store_plain(node, option, config);
}

}  // namespace tealgate
