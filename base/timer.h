// Cheap, coarse timers: a wheel per loop with slots of 16 ms.
//
// Starting and moving a deadline costs a store in the common case (a later deadline than the armed
// one), so every connection can have its own. A timer never fires early, and late by at most about
// 32 ms plus the loop's delay.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.h"

namespace tealgate {

class Loop;
class TimerWheel;

class Timer {
 public:
  // The callback may destroy the timer.
  Timer(Loop& loop, std::function<void()> on_expired);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // (Re)starts the timer to fire once, `delay` after the loop's now.
  void start(Duration delay);
  void stop();
  bool is_active() const { return active_; }

 private:
  friend class TimerWheel;
  TimerWheel& wheel_;
  std::function<void()> on_expired_;
  std::uint64_t due_tick_ = 0;   // when it shall fire
  std::uint64_t slot_tick_ = 0;  // the slot it hangs in, when linked
  Timer* previous_ = nullptr;
  Timer* next_ = nullptr;
  bool active_ = false;
  bool linked_ = false;
};

class TimerWheel {
 public:
  explicit TimerWheel(Loop& loop);
  ~TimerWheel();

 private:
  friend class Timer;
  static constexpr Duration kTick = std::chrono::milliseconds(16);
  static constexpr std::size_t kSlots = 1024;
  struct Uv;

  std::uint64_t tick_at(TimePoint time) const;
  void link(Timer& timer);
  void unlink(Timer& timer);
  void on_alarm();
  void run_slot(std::uint64_t tick);
  void set_alarm(std::uint64_t tick);
  void set_next_alarm();

  Loop& loop_;
  TimePoint start_;
  std::uint64_t done_tick_ = 0;
  std::uint64_t alarm_tick_ = UINT64_MAX;  // when libuv wakes us; UINT64_MAX: not at all
  std::size_t linked_count_ = 0;
  bool running_ = false;
  std::array<Timer*, kSlots> slots_{};
  std::unique_ptr<Uv> uv_;
};

}  // namespace tealgate
