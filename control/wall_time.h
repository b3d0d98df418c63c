// Reads the times that format_wall_time() wrote.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace tealgate {

// "2026-11-22T14:02:11.123Z", the fraction optional; nothing else.
Result<WallTime> parse_wall_time(std::string_view text);

}  // namespace tealgate
