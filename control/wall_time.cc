#include "control/wall_time.h"

#include <cstdio>
#include <string>

namespace tealgate {

Result<WallTime> parse_wall_time(std::string_view text) {
  const std::string copy(text);
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0, millis = 0;
  int read = 0;
  const int fields = std::sscanf(copy.c_str(), "%4d-%2u-%2uT%2u:%2u:%2u%n", &year, &month, &day,
                                 &hour, &minute, &second, &read);
  if (fields != 6) return error("\"{}\" is not a time", text);
  std::string_view rest = text.substr(static_cast<std::size_t>(read));
  if (rest.size() == 5 && rest[0] == '.') {
    for (const char c : rest.substr(1, 3)) {
      if (c < '0' || c > '9') return error("\"{}\" is not a time", text);
      millis = millis * 10 + static_cast<unsigned>(c - '0');
    }
    rest.remove_prefix(4);
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (rest != "Z" || !date.ok() || hour > 23 || minute > 59 || second > 60) {
    return error("\"{}\" is not a time", text);
  }
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + std::chrono::milliseconds(millis);
}

}  // namespace tealgate
