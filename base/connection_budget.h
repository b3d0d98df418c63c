// How many clients may be connected at once, over all workers.
//
// A place is taken before the accept, so the limit is never exceeded, not even for a moment.
// Whoever gets none is woken as soon as one falls free; several may be woken for one place. Any
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/seldom.h"

namespace tealgate {

class ConnectionBudget {
 public:
  // `setting` is named to the operator when all places are taken.
  explicit ConnectionBudget(std::string setting);
  ConnectionBudget() : ConnectionBudget("limits.connections") {}

  // May be lowered below what is taken: then nobody gets a place until enough are given back.
  void set_limit(std::uint64_t limit);
  std::uint64_t limit() const { return limit_.load(); }
  std::uint64_t taken() const { return taken_.load(); }

  // Nobody gets a place until go_on().
  void pause() { is_paused_.store(true); }
  void go_on();

  bool take();
  void give_back();

  // `wake` is called, on any thread and with a lock held, when a place may be free after somebody
  // got none: it may only post. Returns the subscriber's number.
  unsigned subscribe(std::function<void()> wake);
  // After this it is not called any more.
  void unsubscribe(unsigned subscriber);

 private:
  bool try_take();
  void wake_all();

  const std::string setting_;
  std::atomic<std::uint64_t> limit_{UINT64_MAX};
  std::atomic<std::uint64_t> taken_{0};
  std::atomic<bool> is_paused_{false};
  std::atomic<bool> somebody_waits_{false};
  Seldom said_full_;
  std::mutex mutex_;
  std::map<unsigned, std::function<void()>> subscribers_;
  unsigned next_subscriber_ = 0;
};

// What the descriptor limit allows: half of what is left beside a reserve of 100, since each client
// may need a connection to a server, too.
std::uint64_t default_connection_limit();

}  // namespace tealgate
