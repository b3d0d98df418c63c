#include "base/timer.h"

#include <uv.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/loop.h"
#include "base/uv_handle.h"

namespace tealgate {

Timer::Timer(Loop& loop, std::function<void()> on_expired)
    : wheel_(loop.timers()), on_expired_(std::move(on_expired)) {}

Timer::~Timer() {
  if (linked_) wheel_.unlink(*this);
}

void Timer::start(Duration delay) {
  active_ = true;
  // The slot after the one in which the delay ends: never early.
  due_tick_ = wheel_.tick_at(wheel_.loop_.now() + std::max(delay, Duration::zero())) + 1;
  if (linked_ && slot_tick_ <= due_tick_) return;  // moved on when that slot is visited
  if (linked_) wheel_.unlink(*this);
  wheel_.link(*this);
}

// Stays linked until its slot is visited, so that the next start() is cheap.
void Timer::stop() {
  active_ = false;
}

struct TimerWheel::Uv {
  UvHandle<uv_timer_t> alarm;
};

TimerWheel::TimerWheel(Loop& loop) : loop_(loop), start_(loop.now()), uv_(std::make_unique<Uv>()) {
  uv_->alarm.reset(new uv_timer_t);
  uv_timer_init(loop.uv(), uv_->alarm.get());
  uv_->alarm->data = this;
}

TimerWheel::~TimerWheel() {
  CHECK(linked_count_ == 0, "a timer outlives its loop");
}

std::uint64_t TimerWheel::tick_at(TimePoint time) const {
  return static_cast<std::uint64_t>((time - start_) / kTick);
}

void TimerWheel::link(Timer& timer) {
  if (linked_count_ == 0 && !running_) done_tick_ = std::max(done_tick_, tick_at(loop_.now()));
  timer.slot_tick_ = std::clamp(timer.due_tick_, done_tick_ + 1, done_tick_ + kSlots - 1);
  Timer*& head = slots_[timer.slot_tick_ % kSlots];
  timer.previous_ = nullptr;
  timer.next_ = head;
  if (head) head->previous_ = &timer;
  head = &timer;
  timer.linked_ = true;
  ++linked_count_;
  if (!running_ && timer.slot_tick_ < alarm_tick_) set_alarm(timer.slot_tick_);
}

void TimerWheel::unlink(Timer& timer) {
  if (timer.previous_) {
    timer.previous_->next_ = timer.next_;
  } else {
    slots_[timer.slot_tick_ % kSlots] = timer.next_;
  }
  if (timer.next_) timer.next_->previous_ = timer.previous_;
  timer.linked_ = false;
  --linked_count_;
}

void TimerWheel::on_alarm() {
  loop_.refresh_now();
  alarm_tick_ = UINT64_MAX;
  running_ = true;
  const std::uint64_t now_tick = tick_at(loop_.now());
  while (done_tick_ < now_tick && linked_count_ > 0) run_slot(++done_tick_);
  running_ = false;
  set_next_alarm();
}

void TimerWheel::run_slot(std::uint64_t tick) {
  // What is linked meanwhile goes to later slots, so this ends.
  while (Timer* timer = slots_[tick % kSlots]) {
    unlink(*timer);
    if (!timer->active_) continue;
    if (timer->due_tick_ > tick) {
      link(*timer);
      continue;
    }
    timer->active_ = false;
    // A copy of the function lives on the stack's side of the call: the callback may destroy its
    // timer.
    const auto on_expired = timer->on_expired_;
    loop_.call(on_expired);
  }
}

void TimerWheel::set_next_alarm() {
  if (linked_count_ == 0) return;
  std::uint64_t tick = done_tick_ + 1;
  while (!slots_[tick % kSlots]) ++tick;
  set_alarm(tick);
}

void TimerWheel::set_alarm(std::uint64_t tick) {
  alarm_tick_ = tick;
  const Duration delay = start_ + kTick * static_cast<std::int64_t>(tick) - Clock::now();
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(delay).count();
  uv_update_time(loop_.uv());
  uv_timer_start(
      uv_->alarm.get(),
      [](uv_timer_t* handle) { static_cast<TimerWheel*>(handle->data)->on_alarm(); },
      static_cast<std::uint64_t>(std::max<std::int64_t>(milliseconds, 0)), 0);
}

}  // namespace tealgate
