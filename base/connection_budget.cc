#include "base/connection_budget.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace tealgate {

ConnectionBudget::ConnectionBudget(std::string setting) : setting_(std::move(setting)) {}

void ConnectionBudget::set_limit(std::uint64_t limit) {
  const std::uint64_t before = limit_.exchange(limit);
  if (limit > before) wake_all();
}

void ConnectionBudget::go_on() {
  is_paused_.store(false);
  wake_all();
}

// Either the second try sees a place that was given back meanwhile, or whoever gives it back sees
// the mark.
bool ConnectionBudget::take() {
  if (try_take()) return true;
  somebody_waits_.store(true);
  if (try_take()) return true;
  if (!is_paused_.load() && said_full_.is_news(Clock::now())) {
    log_warning("{} clients are connected, as many as {} allows; others wait", taken(), setting_);
  }
  return false;
}

bool ConnectionBudget::try_take() {
  std::uint64_t taken = taken_.load();
  if (is_paused_.load()) return false;
  while (taken < limit_.load()) {
    if (taken_.compare_exchange_weak(taken, taken + 1)) return true;
  }
  return false;
}

void ConnectionBudget::give_back() {
  taken_.fetch_sub(1);
  if (somebody_waits_.load() && somebody_waits_.exchange(false)) wake_all();
}

void ConnectionBudget::wake_all() {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [number, wake] : subscribers_) wake();
}

unsigned ConnectionBudget::subscribe(std::function<void()> wake) {
  const std::lock_guard<std::mutex> lock(mutex_);
  subscribers_.emplace(next_subscriber_, std::move(wake));
  return next_subscriber_++;
}

void ConnectionBudget::unsubscribe(unsigned subscriber) {
  const std::lock_guard<std::mutex> lock(mutex_);
  subscribers_.erase(subscriber);
}

std::uint64_t default_connection_limit() {
  constexpr std::uint64_t kReserve = 100;
  constexpr std::uint64_t kLeast = 16;
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0 || descriptors.rlim_cur == RLIM_INFINITY) {
    return UINT64_MAX;
  }
  const std::uint64_t count = descriptors.rlim_cur;
  return std::max(kLeast, count > kReserve ? (count - kReserve) / 2 : 0);
}

}  // namespace tealgate
