// Whether the body of a request stays within its service's limits: its size, and the rate at which
// the client sends it. Pure; time comes as an argument.
//
// The rate is the average since the upload began, and counts from `grace` on. Time in which the
// server takes nothing, and reading is therefore paused, is not the client's and is left out. It is
// looked at when bytes come: silence ends by a timeout of its own.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "http/failure.h"

namespace tealgate {

class UploadMeter {
 public:
  struct Limits {
    std::uint64_t bytes = 0;  // 0: any size
    std::uint64_t rate = 0;   // bytes a second; 0: any
    Duration grace{};
  };

  void begin(TimePoint now) { began_ = now; }

  // `bytes` of body came. BodyTooLarge, BodyTimeout, or None.
  Failure on_bytes(std::uint64_t bytes, TimePoint now, const Limits& limits);

  // The server takes nothing; it takes again, or another is asked.
  void on_paused(TimePoint now);
  void on_resumed(TimePoint now);

 private:
  bool is_too_slow(TimePoint now, const Limits& limits) const;

  TimePoint began_{};
  TimePoint paused_at_{};
  Duration paused_{};
  std::uint64_t bytes_ = 0;
  bool is_paused_ = false;
};

}  // namespace tealgate
