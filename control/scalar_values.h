// Reads the scalar notations that config file and command line share: durations, sizes,
// percentages, numbers.
//
// Units are compulsory. Pure functions; an error's message follows the value in a sentence ("needs
// a unit: …"), so that a caller may show or mask the value itself.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace tealgate {

// "500ms", "30s", "5m", "1h", "7d": a whole number and one unit. At most 1000 days.
Result<Duration> parse_duration(std::string_view text);

// "0B", "64KiB", "16MiB", "1GiB", in bytes. At most 1024 GiB.
Result<std::uint64_t> parse_size(std::string_view text);

// "100%", whole percents up to 100.
Result<unsigned> parse_percent(std::string_view text);

// Decimal digits without sign, leading zero or separators; at most 4294967295.
Result<unsigned> parse_number(std::string_view text);

}  // namespace tealgate
