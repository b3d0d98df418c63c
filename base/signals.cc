#include "base/signals.h"

#include <uv.h>

#include <utility>

#include "base/loop.h"
#include "base/uv_handle.h"

namespace tealgate {

struct SignalWatch::State {
  Loop& loop;
  UvHandle<uv_signal_t> handle;
  std::function<void()> on_signal;
};

SignalWatch::SignalWatch(Loop& loop, int signal, std::function<void()> on_signal)
    : state_(new State{loop, UvHandle<uv_signal_t>(new uv_signal_t), std::move(on_signal)}) {
  uv_signal_init(loop.uv(), state_->handle.get());
  state_->handle->data = state_.get();
  uv_signal_start(
      state_->handle.get(),
      [](uv_signal_t* handle, int) {
        const auto* state = static_cast<State*>(handle->data);
        if (state) state->loop.call(state->on_signal);
      },
      signal);
}

SignalWatch::~SignalWatch() = default;

}  // namespace tealgate
