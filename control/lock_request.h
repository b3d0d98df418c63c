// One wish for a lock, from the call until it is granted, refused or given up. LockDesk owns it.
#pragma once

#include <functional>
#include <memory>

#include "control/journal.h"
#include "control/lock_desk.h"

namespace tealgate {

class LockDesk::Request final : private TurnTaker {
 public:
  // One of them comes, once; both may end the request.
  struct Outcome {
    std::function<void(Request&, const LockRecord&)> on_locked;
    std::function<void(Request&)> on_end;  // refused: the watcher knows
  };

  Request(const Workplace& place, const LockCommand& command, const Caller& caller,
          std::shared_ptr<CommandWatcher> watcher, Outcome outcome);
  ~Request();

  void begin();
  // Neither holds nor waits for the turn any more.
  void leave();
  // The watcher left. False while the lock is being stored: the outcome still comes.
  bool abandon();

  const LockCommand& command() const { return command_; }
  const std::shared_ptr<CommandWatcher>& watcher() const { return watcher_; }

 private:
  void on_turn() override;
  std::string describe() const override;
  bool ends_soon() const override { return is_storing_; }

  std::string holder() const;
  void refuse(CommandError error);
  void store();
  void on_stored(const Result<void, CommandError>& stored);
  nlohmann::ordered_json line() const;

  Workplace place_;
  LockCommand command_;
  Caller caller_;
  std::shared_ptr<CommandWatcher> watcher_;
  Outcome outcome_;
  LockRecord lock_;
  bool is_storing_ = false;
  std::string waits_for_;
  Timer deadline_;
  std::shared_ptr<Request*> self_;
  bool has_left_ = false;  // when it ends later than the desk, nothing of the desk may be touched
};

}  // namespace tealgate
