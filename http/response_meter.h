// Whether a client takes its responses as fast as it must while bytes wait for it. Pure; time comes
// as an argument.
//
// Measured is time in which bytes wait, in periods: in each the client must take rate × period, and
// at least a byte. Time in between, in which nothing waits, is left out, though what is taken then
// counts. So a client may stand still for nearly a period, but none lives on drips, and a stream
// that says nothing asks for nothing.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace tealgate {

class ResponseMeter {
 public:
  struct Floor {
    std::uint64_t rate = 0;  // bytes a second; 0: any
    Duration period{};
  };
  enum class Verdict : std::uint8_t { FastEnough, TooSlow, Stalled };

  // Forgets the period that has begun.
  void begin_anew() { *this = {}; }

  // Bytes wait from now on, of which the client took `taken` so far.
  void on_waiting(TimePoint now, std::uint64_t taken);
  void on_not_waiting(TimePoint now);
  bool is_waiting() const { return is_waiting_; }

  // How much of the period is left to be waited.
  Duration left(Duration period) const;
  // At the end of the period, while bytes wait; begins the next one.
  Verdict judge(TimePoint now, std::uint64_t taken, const Floor& floor);

 private:
  TimePoint since_{};        // bytes wait
  Duration waited_{};        // in this period, before that
  std::uint64_t taken_ = 0;  // when the period began
  bool has_period_ = false;  // it began
  bool is_waiting_ = false;
};

}  // namespace tealgate
