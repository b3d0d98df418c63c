#include "control/scalar_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

namespace tealgate {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// What people write for a unit, and what it should have been.
struct Misspelling {
  std::string_view written;
  std::string_view meant;
};

constexpr auto kDurationUnits = std::to_array<Unit>({{"ms", 1'000'000},
                                                     {"s", 1'000'000'000},
                                                     {"m", 60'000'000'000},
                                                     {"h", 3'600'000'000'000},
                                                     {"d", 86'400'000'000'000}});
constexpr auto kDurationMisspellings = std::to_array<Misspelling>(
    {{"sec", "s"},     {"secs", "s"},  {"second", "s"}, {"seconds", "s"}, {"S", "s"},
     {"min", "m"},     {"mins", "m"},  {"minute", "m"}, {"minutes", "m"}, {"M", "m"},
     {"hour", "h"},    {"hours", "h"}, {"hr", "h"},     {"H", "h"},       {"msec", "ms"},
     {"millis", "ms"}, {"MS", "ms"},   {"D", "d"},      {"day", "d"},     {"days", "d"},
     {"us", "ms"},     {"ns", "ms"}});
constexpr auto kSizeUnits = std::to_array<Unit>(
    {{"B", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}});
constexpr auto kSizeMisspellings = std::to_array<Misspelling>(
    {{"b", "B"},     {"k", "KiB"},   {"K", "KiB"},   {"kb", "KiB"}, {"KB", "KiB"}, {"kB", "KiB"},
     {"kib", "KiB"}, {"KIB", "KiB"}, {"kiB", "KiB"}, {"m", "MiB"},  {"M", "MiB"},  {"mb", "MiB"},
     {"MB", "MiB"},  {"mib", "MiB"}, {"MIB", "MiB"}, {"g", "GiB"},  {"G", "GiB"},  {"gb", "GiB"},
     {"GB", "GiB"},  {"gib", "GiB"}, {"GIB", "GiB"}});

struct Quantity {
  std::string_view digits;
  std::string_view unit;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Result<Quantity> split_quantity(std::string_view text) {
  if (text.empty()) return error("is empty");
  if (text.front() == '-') return error("is negative");
  const auto end = std::ranges::find_if_not(text, is_digit);
  const auto count = static_cast<std::size_t>(end - text.begin());
  if (count == 0) return error("is not a whole number with a unit");
  Quantity quantity{text.substr(0, count), text.substr(count)};
  if (quantity.unit.starts_with('.') || quantity.unit.starts_with(','))
    return error("is not a whole number: use a smaller unit");
  if (quantity.unit.starts_with(' ')) return error("has a space before its unit");
  if (std::ranges::any_of(quantity.unit, is_digit))
    return error("has more than one unit: write one number and one unit");
  return quantity;
}

// The digits as a number; leading zeros are refused, since YAML reads them as octal.
Result<std::uint64_t> parse_digits(std::string_view digits) {
  if (digits.size() > 1 && digits.front() == '0')
    return error("has a leading zero, which other readers take for octal");
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (code != std::errc() || end != digits.data() + digits.size()) return error("is too large");
  return value;
}

struct Notation {
  std::span<const Unit> units;
  std::span<const Misspelling> misspellings;
  std::string_view names;
  std::uint64_t highest;
};

Result<std::uint64_t> parse_with_unit(std::string_view text, const Notation& notation) {
  const Result<Quantity> quantity = split_quantity(text);
  if (!quantity) return tl::make_unexpected(quantity.error());
  const Result<std::uint64_t> value = parse_digits(quantity->digits);
  if (!value) return value;
  if (quantity->unit.empty()) return error("needs a unit: {}", notation.names);
  const auto unit = std::ranges::find(notation.units, quantity->unit, &Unit::name);
  if (unit != notation.units.end()) {
    if (*value > notation.highest / unit->factor) return error("is too large");
    return *value * unit->factor;
  }
  const auto slip = std::ranges::find(notation.misspellings, quantity->unit, &Misspelling::written);
  if (slip != notation.misspellings.end())
    return error("has an unknown unit: write {} ({})", slip->meant, notation.names);
  return error("has an unknown unit: the units are {}", notation.names);
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  constexpr std::uint64_t kLongest = 1000 * std::uint64_t{86'400'000'000'000};
  return parse_with_unit(text,
                         {kDurationUnits, kDurationMisspellings, "ms, s, m, h or d", kLongest})
      .map([](std::uint64_t value) { return Duration(static_cast<Duration::rep>(value)); });
}

Result<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 40;
  return parse_with_unit(text, {kSizeUnits, kSizeMisspellings, "B, KiB, MiB or GiB", kLargest});
}

Result<unsigned> parse_percent(std::string_view text) {
  const Result<Quantity> quantity = split_quantity(text);
  if (!quantity) return tl::make_unexpected(quantity.error());
  const Result<std::uint64_t> value = parse_digits(quantity->digits);
  if (!value) return tl::make_unexpected(value.error());
  if (quantity->unit.empty()) return error("needs its unit: %");
  if (quantity->unit != "%") return error("is not a percentage such as 100%");
  if (*value > 100) return error("is more than 100%");
  return static_cast<unsigned>(*value);
}

Result<unsigned> parse_number(std::string_view text) {
  if (text.empty()) return error("is empty");
  if (text.front() == '-') return error("is negative");
  if (!std::ranges::all_of(text, is_digit)) return error("is not a whole number");
  const Result<std::uint64_t> value = parse_digits(text);
  if (!value) return tl::make_unexpected(value.error());
  if (*value > std::numeric_limits<unsigned>::max()) return error("is too large");
  return static_cast<unsigned>(*value);
}

}  // namespace tealgate
