// Calls back on a loop when the process gets a signal.
#pragma once

#include <functional>
#include <memory>

namespace tealgate {

class Loop;

class SignalWatch {
 public:
  SignalWatch(Loop& loop, int signal, std::function<void()> on_signal);
  ~SignalWatch();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tealgate
