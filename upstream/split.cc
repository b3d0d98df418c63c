#include "upstream/split.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/suggest.h"

namespace tealgate {
namespace {

std::string list(std::span<const std::string> pools) {
  return fmt::format("{}", fmt::join(pools, ", "));
}

Result<unsigned> parse_percent(std::string_view word, std::string_view text) {
  unsigned percent = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), percent);
  if (problem != std::errc() || end != text.data() + text.size() || percent > 100) {
    return error("\"{}\": a percentage is a whole number from 0 to 100, such as blue=90", word);
  }
  return percent;
}

Result<Split::Entry> parse_word(std::string_view word, std::span<const std::string> pools) {
  std::size_t equals = word.find('=');
  Split::Entry entry{std::string(word.substr(0, equals)), std::nullopt};
  if (entry.pool == "all") {
    return error("\"all\" stands alone and without a percentage, instead of the pools' names");
  }
  if (std::find(pools.begin(), pools.end(), entry.pool) == pools.end()) {
    std::string near = suggest(entry.pool, pools);
    return error("there is no pool \"{}\"{}; the pools are {}", entry.pool,
                 near.empty() ? "" : fmt::format(", did you mean \"{}\"?", near), list(pools));
  }
  if (equals != std::string_view::npos) {
    Result<unsigned> percent = parse_percent(word, word.substr(equals + 1));
    if (!percent) return tl::make_unexpected(percent.error());
    entry.percent = *percent;
  }
  return entry;
}

// Entries as typed, 0 % included.
Result<std::vector<Split::Entry>> parse_words(std::span<const std::string> words,
                                              std::span<const std::string> pools) {
  std::vector<Split::Entry> entries;
  for (const std::string& word : words) {
    Result<Split::Entry> entry = parse_word(word, pools);
    if (!entry) return tl::make_unexpected(entry.error());
    for (const Split::Entry& earlier : entries) {
      if (earlier.pool == entry->pool) return error("pool {} is named twice", entry->pool);
    }
    entries.push_back(std::move(*entry));
  }
  return entries;
}

Result<void> check_percentages(std::span<const Split::Entry> entries) {
  unsigned sum = 0;
  bool has_some = false;
  for (const Split::Entry& entry : entries) {
    has_some = has_some || entry.percent.has_value();
    sum += entry.percent.value_or(0);
  }
  if (!has_some) return {};
  for (const Split::Entry& entry : entries) {
    if (!entry.percent) {
      return error("pool {} has no percentage: give every pool one, or none", entry.pool);
    }
  }
  if (sum != 100) return error("the percentages add up to {}, not to 100", sum);
  return {};
}

}  // namespace

bool Split::is_active(std::string_view pool) const {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const Entry& entry) { return entry.pool == pool; });
}

std::vector<std::string> Split::words() const {
  std::vector<std::string> result;
  for (const Entry& entry : entries) {
    result.push_back(entry.percent ? fmt::format("{}={}", entry.pool, *entry.percent) : entry.pool);
  }
  return result;
}

std::string Split::to_string() const {
  return fmt::format("{}", fmt::join(words(), " "));
}

Result<Split> parse_split(std::span<const std::string> words, std::span<const std::string> pools) {
  if (words.empty()) return error("no pool is named; the pools are {}", list(pools));
  bool is_all = words.size() == 1 && words.front() == "all";
  Result<std::vector<Split::Entry>> entries = parse_words(is_all ? pools : words, pools);
  if (!entries) return tl::make_unexpected(entries.error());
  Result<void> sum = check_percentages(*entries);
  if (!sum) return tl::make_unexpected(sum.error());

  Split split;
  for (const std::string& pool : pools) {
    for (Split::Entry& entry : *entries) {
      if (entry.pool == pool && entry.percent != 0u) split.entries.push_back(std::move(entry));
    }
  }
  if (split.entries.size() == 1) split.entries.front().percent.reset();
  return split;
}

}  // namespace tealgate
