#include "http/http_date.h"

#include <ctime>

namespace tealgate {

std::string_view http_date() {
  struct Cached {
    std::time_t second = 0;
    char text[32];
    std::size_t size = 0;
  };
  static thread_local Cached cached;
  const std::time_t now = std::time(nullptr);
  if (now != cached.second) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    cached.size = std::strftime(cached.text, sizeof cached.text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    cached.second = now;
  }
  return {cached.text, cached.size};
}

}  // namespace tealgate
