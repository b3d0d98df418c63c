#include "base/loop.h"

#include <uv.h>

#include <cstdio>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/poller.h"
#include "base/timer.h"
#include "base/uv_handle.h"
#include "base/work.h"

namespace tealgate {

// What is to be done before the loop waits again.
struct Loop::Turn {
  struct Discarded {
    void* object;
    void (*destroy)(void*);
  };
  UvHandle<uv_prepare_t> prepare;
  std::vector<std::function<void()>> deferred;
  std::vector<Discarded> discarded;
};

void Loop::UvLoopDeleter::operator()(uv_loop_s* loop) const {
  delete loop;
}

Loop::Loop() : uv_(new uv_loop_t), turn_(std::make_unique<Turn>()) {
  CHECK(uv_loop_init(uv_.get()) == 0, "out of descriptors for an event loop");
  uv_->data = this;
  turn_->prepare.reset(new uv_prepare_t);
  uv_prepare_init(uv_.get(), turn_->prepare.get());
  turn_->prepare->data = this;
  uv_prepare_start(turn_->prepare.get(),
                   [](uv_prepare_t* handle) { static_cast<Loop*>(handle->data)->end_turn(); });
  poller_ = std::make_unique<Poller>(*this);
  timers_ = std::make_unique<TimerWheel>(*this);
}

Loop::~Loop() {
  end_turn();
  timers_.reset();
  poller_.reset();
  turn_.reset();
  const TimePoint deadline = Clock::now() + std::chrono::seconds(5);
  while (uv_run(uv_.get(), UV_RUN_NOWAIT) != 0 && Clock::now() < deadline) {
    if (has_only_jobs()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (uv_loop_close(uv_.get()) != UV_EBUSY) return;
  if (has_only_jobs() && are_jobs_abandoned()) {
    uv_.release();  // the thread that runs the job will touch it, perhaps
    return;
  }
  uv_print_all_handles(uv_.get(), stderr);
  CHECK(false, "handles left at the end of their loop");
}

// At its end: every handle is closed, and what keeps the loop alive are jobs of the thread pool.
bool Loop::has_only_jobs() const {
  bool found = false;
  uv_walk(
      uv_.get(), [](uv_handle_t*, void* any) { *static_cast<bool*>(any) = true; }, &found);
  return !found;
}

void Loop::run() {
  while (!stopped_) uv_run(uv_.get(), UV_RUN_DEFAULT);
  stopped_ = false;
}

void Loop::stop() {
  stopped_ = true;
  uv_stop(uv_.get());
}

void Loop::run_once() {
  uv_run(uv_.get(), UV_RUN_ONCE);
}

void Loop::defer(std::function<void()> task) {
  turn_->deferred.push_back(std::move(task));
}

void Loop::call(const std::function<void()>& callback) {
  callback();
  if (poller_) poller_->flush_writes();  // none any more for a job that outlived the loop's end
}

void Loop::discard(void* object, void (*destroy)(void*)) {
  turn_->discarded.push_back({object, destroy});
}

void Loop::end_turn() {
  while (!turn_->deferred.empty() || !turn_->discarded.empty()) {
    for (auto& task : std::exchange(turn_->deferred, {})) call(task);
    // Before anything is freed: what was written may be a view into it.
    if (poller_) poller_->flush_writes();
    for (auto& discarded : std::exchange(turn_->discarded, {})) {
      discarded.destroy(discarded.object);
    }
  }
  if (poller_) poller_->flush_writes();
}

}  // namespace tealgate
