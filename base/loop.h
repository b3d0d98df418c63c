// One thread's event loop: a libuv loop with a Poller for sockets and a TimerWheel for deadlines.
//
// Everything that hangs on a Loop is used on the thread that runs it; the one exception is
// Mailbox::post. What a handle needs of libuv stays in base/; other layers see streams, timers and
// mailboxes.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"

struct uv_loop_s;

namespace tealgate {

class Poller;
class TimerWheel;

class Loop {
 public:
  Loop();
  // Runs until no handle is alive, at most 5 s, then CHECKs, naming the handles that are left. Jobs
  // of the thread pool (work.h) that have not ended by then are given up.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until stop(). Call it from one thread only.
  void run();
  void stop();

  // Handles what is due now and waits at most until the next event; for tests and command-line
  // clients.
  void run_once();

  // The time at which the running batch of events, timers or tasks began.
  TimePoint now() const { return now_; }
  void refresh_now() { now_ = Clock::now(); }

  // Frees the object at the end of this turn: for objects that may be inside a callback of their
  // own.
  template <class T>
  void destroy_later(std::unique_ptr<T> object) {
    if (object) discard(object.release(), [](void* p) { delete static_cast<T*>(p); });
  }

  // Runs `task` at the end of this turn, before the loop waits again. Loop thread only.
  void defer(std::function<void()> task);

  // Runs what was deferred and frees what was discarded. The loop does it after each turn; an owner
  // whose loop has stopped calls it before it destroys what those objects still refer to.
  void end_turn();

  // Runs a callback and flushes what it wrote, since views that it wrote are valid no longer. For
  // whoever calls back: timers, mailboxes, signals, jobs; the poller does it for its sockets.
  void call(const std::function<void()>& callback);

  Poller& poller() { return *poller_; }
  TimerWheel& timers() { return *timers_; }
  uv_loop_s* uv() { return uv_.get(); }

 private:
  struct Turn;
  void discard(void* object, void (*destroy)(void*));
  bool has_only_jobs() const;

  struct UvLoopDeleter {
    void operator()(uv_loop_s* loop) const;
  };
  std::unique_ptr<uv_loop_s, UvLoopDeleter> uv_;
  std::unique_ptr<Turn> turn_;
  std::unique_ptr<Poller> poller_;
  std::unique_ptr<TimerWheel> timers_;
  TimePoint now_ = Clock::now();
  bool stopped_ = false;
};

}  // namespace tealgate
