// Tasks from other threads for one loop: the only way into it.
#pragma once

#include <functional>
#include <memory>

namespace tealgate {

class Loop;

class Mailbox {
 public:
  explicit Mailbox(Loop& loop);
  // On the loop's thread. Tasks that were not run yet are dropped.
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Any thread. The task runs on the loop's thread, in posting order. The caller sees to it that
  // the mailbox is alive.
  void post(std::function<void()> task);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tealgate
