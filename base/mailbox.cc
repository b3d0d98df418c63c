#include "base/mailbox.h"

#include <uv.h>

#include <mutex>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/loop.h"
#include "base/uv_handle.h"

namespace tealgate {

struct Mailbox::State {
  Loop& loop;
  UvHandle<uv_async_t> wake_up;
  std::mutex mutex;
  std::vector<std::function<void()>> tasks;

  void run() {
    std::vector<std::function<void()>> taken;
    {
      const std::lock_guard lock(mutex);
      taken.swap(tasks);
    }
    loop.refresh_now();
    for (auto& task : taken) loop.call(task);
  }
};

Mailbox::Mailbox(Loop& loop) : state_(new State{loop, {}, {}, {}}) {
  state_->wake_up.reset(new uv_async_t);
  CHECK(uv_async_init(loop.uv(), state_->wake_up.get(),
                      [](uv_async_t* handle) {
                        if (handle->data) static_cast<State*>(handle->data)->run();
                      }) == 0,
        "out of descriptors for a mailbox");
  state_->wake_up->data = state_.get();
}

Mailbox::~Mailbox() = default;

void Mailbox::post(std::function<void()> task) {
  const std::lock_guard lock(state_->mutex);
  const bool was_empty = state_->tasks.empty();
  state_->tasks.push_back(std::move(task));
  if (was_empty) uv_async_send(state_->wake_up.get());
}

}  // namespace tealgate
