#include "base/clock.h"

#include <fmt/core.h>

#include <ctime>

namespace tealgate {

// Each line of the access log has one: the text up to the second is kept, a thread.
std::string format_wall_time(WallTime time) {
  auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  auto seconds = std::chrono::floor<std::chrono::seconds>(milliseconds);
  static thread_local std::time_t kept_second = -1;
  static thread_local std::string kept;
  if (seconds.count() != kept_second || kept.empty()) {
    kept_second = seconds.count();
    std::tm parts{};
    ::gmtime_r(&kept_second, &parts);
    kept = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.000Z", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  }
  std::string text = kept;
  const auto rest = static_cast<unsigned>((milliseconds - seconds).count());
  text[text.size() - 4] = static_cast<char>('0' + rest / 100);
  text[text.size() - 3] = static_cast<char>('0' + rest / 10 % 10);
  text[text.size() - 2] = static_cast<char>('0' + rest % 10);
  return text;
}

std::string format_duration(Duration duration) {
  using namespace std::chrono;
  if (duration < Duration::zero()) return "-" + format_duration(-duration);
  if (duration > Duration::zero() && duration < 1ms) return "<1 ms";
  if (duration < 1s) return fmt::format("{} ms", floor<milliseconds>(duration).count());

  auto tenths = round<std::chrono::duration<std::int64_t, std::deci>>(duration).count();
  if (tenths < 600 && tenths % 10 != 0) return fmt::format("{}.{} s", tenths / 10, tenths % 10);
  if (tenths < 600) return fmt::format("{} s", tenths / 10);

  auto whole = round<std::chrono::seconds>(duration).count();
  struct Unit {
    std::int64_t seconds;
    const char* name;
    std::int64_t part_seconds;
    const char* part_name;
  };
  constexpr Unit kUnits[] = {{86400, "d", 3600, "h"}, {3600, "h", 60, "min"}, {60, "min", 1, "s"}};
  for (const Unit& unit : kUnits) {
    if (whole < unit.seconds) continue;
    auto part = whole % unit.seconds / unit.part_seconds;
    if (part == 0) return fmt::format("{} {}", whole / unit.seconds, unit.name);
    return fmt::format("{} {} {} {}", whole / unit.seconds, unit.name, part, unit.part_name);
  }
  return fmt::format("{} s", whole);
}

}  // namespace tealgate
