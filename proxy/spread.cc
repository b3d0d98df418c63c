#include "proxy/spread.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace tealgate {

Spread::Spread(TimePoint begin, Duration over, double phase)
    : end_(begin + over), next_(begin), phase_(phase) {}

std::size_t Spread::due(std::size_t left, TimePoint now) {
  if (left == 0 || now >= end_) return left;
  const Duration between = (end_ - now) / static_cast<std::int64_t>(left);
  if (phase_ > 0) {
    next_ = now + std::chrono::duration_cast<Duration>(between * phase_);
    phase_ = 0;
  }
  if (now < next_) return 0;
  const Duration one = std::max(between, Duration(1));
  const std::size_t group = std::max<std::size_t>(1, static_cast<std::size_t>(kGroup / one));
  const std::size_t count = std::min(group, left);
  next_ = now + between * static_cast<std::int64_t>(count);
  return count;
}

Duration Spread::pause(TimePoint now) const {
  if (next_ <= now || now >= end_) return kLongestPause;
  return std::clamp(std::min(next_, end_) - now, kGroup, kLongestPause);
}

}  // namespace tealgate
