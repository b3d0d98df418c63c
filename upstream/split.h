// Which pools get which share of new requests: `green`, `blue green`, `blue=90 green=10`.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tealgate {

// Either no entry has a percentage (the servers of all named pools form one weighted set) or each
// has, adding up to 100. A pool is named at most once; entries are in the pools' order of the
// config.
struct Split {
  struct Entry {
    std::string pool;
    std::optional<unsigned> percent;  // 1..100
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  std::vector<Entry> entries;

  bool is_active(std::string_view pool) const;
  bool has_percentages() const { return !entries.empty() && entries.front().percent.has_value(); }
  // As typed on the command line: {"green"}, {"blue=90", "green=10"}.
  std::vector<std::string> words() const;
  std::string to_string() const;  // the words with spaces between
  friend bool operator==(const Split&, const Split&) = default;
};

// `all` names every pool; `name=0` leaves a pool out. A single pool with 100 is the same split as
// without a number. The error says what is wrong and which pools there are, with "did you mean" for
// a near miss.
Result<Split> parse_split(std::span<const std::string> words, std::span<const std::string> pools);

}  // namespace tealgate
