// Whose turn it is to change a service: at most one operation between compare and announcement, and
// those who wait for it.
//
// Knows nothing of locks that operators take; whoever changes one calls poke(). Control loop's
// thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/timer.h"

namespace tealgate {

class Loop;

class TurnTaker {
 public:
  // The service may be free: look again, and wait() again if it is not.
  virtual void on_turn() = 0;
  // "deploy is switching shop to green (operation op-1)".
  virtual std::string describe() const = 0;
  // It has decided: its announcement follows by itself.
  virtual bool ends_soon() const = 0;

 protected:
  ~TurnTaker() = default;
};

class Turns {
 public:
  explicit Turns(Loop& loop) : loop_(loop), self_(std::make_shared<Turns*>(this)) {}
  ~Turns() { *self_ = nullptr; }
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  // Null: nobody.
  TurnTaker* holder(const std::string& service) const;
  void take(const std::string& service, TurnTaker& taker);
  // No effect if `taker` is not the holder.
  void release(const std::string& service, TurnTaker& taker);

  // First come, first served.
  void wait(const std::string& service, TurnTaker& taker);
  // Neither holds nor waits any more. Before its end.
  void forget(const std::string& service, TurnTaker& taker);

  // Lets those who wait look again, later in this turn of the loop; or after `delay` (a lock
  // expires).
  void poke(const std::string& service);
  void poke_after(const std::string& service, Duration delay);

 private:
  struct Queue {
    TurnTaker* holder = nullptr;
    std::deque<TurnTaker*> waiting;
    std::deque<TurnTaker*> looking;  // being told
    std::unique_ptr<Timer> expiry;
  };
  void tell(const std::string& service);

  Loop& loop_;
  std::map<std::string, Queue> queues_;
  std::shared_ptr<Turns*> self_;
};

}  // namespace tealgate
