// When the next push to Loki may begin, and whether what became of one is worth a sentence.
//
//   Calm ──── push failed ────► Pausing ──── pause is over, push failed ────► Pausing, for longer
//    ▲  ▲                          │
//    │  └──── push accepted ◄──────┤
//    └─────── push refused ◄───────┘
//
// Calm it pushes when a batch is full or its first line is a second old. A pause doubles from 500
// ms to 30 s, half of it by chance so that several proxies do not come back at once; where Loki
// says Retry-After, it is at least that long. Pure: time and chance are handed in.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace tealgate {

class LokiPace {
 public:
  enum class Outcome : std::uint8_t { Accepted, Refused, Failed };
  enum class News : std::uint8_t { None, Fails, Refuses, Lags, Works };

  static constexpr std::size_t kBatchBytes = std::size_t{1} << 20;
  static constexpr Duration kBatchAge = std::chrono::seconds(1);
  static constexpr Duration kFirstPause = std::chrono::milliseconds(500);
  static constexpr Duration kLongestPause = std::chrono::seconds(30);
  static constexpr Duration kLongestRetryAfter = std::chrono::minutes(5);
  // Trouble that comes and goes is told once in this time.
  static constexpr Duration kQuiet = std::chrono::minutes(1);

  // 2xx: accepted. 429, 5xx and no answer (0): it may do better later. Others never will.
  static Outcome outcome_of(int status);

  // When to push what waits: `bytes`, the first of which came at `first`.
  TimePoint due(std::size_t bytes, TimePoint first) const;
  bool is_pausing() const { return pauses_ > 0; }

  void on_accepted() { pauses_ = 0; }
  void on_refused() { pauses_ = 0; }
  // `chance`: from 0 to below 1.
  void on_failed(TimePoint now, Duration retry_after, double chance);
  // Other settings: what failed may work now.
  void on_changed() { pauses_ = 0; }

  // What is to be told after that outcome. `untold`: lines that found no room, of which no
  // sentence told yet.
  News news(Outcome outcome, std::uint64_t untold, TimePoint now);

 private:
  bool may_complain(TimePoint now);

  unsigned pauses_ = 0;  // in a row
  TimePoint resumes_{};
  News told_ = News::Works;
  TimePoint told_at_ = TimePoint::min();
};

}  // namespace tealgate
