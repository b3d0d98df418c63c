// Time: a steady clock for intervals and deadlines, a wall clock for what people read.
#pragma once

#include <chrono>
#include <string>

namespace tealgate {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = std::chrono::nanoseconds;
using WallClock = std::chrono::system_clock;
using WallTime = WallClock::time_point;

// "2026-11-22T14:02:11.123Z" (RFC 3339, UTC, milliseconds).
std::string format_wall_time(WallTime time);

// "850 ms", "4.2 s", "3 min 20 s": for people.
std::string format_duration(Duration duration);

}  // namespace tealgate
