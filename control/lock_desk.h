// Takes and gives back the locks that operators put on services.
//
// A lock keeps everyone out who does not show its token: switches and server states, not rollbacks.
// It is a decision, kept in state.json, unless it lives as long as a connection (`hold`). Each end
// of a lock is a line of the history, that by its time too. Control loop's thread.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "base/timer.h"
#include "control/operation.h"

namespace tealgate {

// Who holds a lock that this token does not open, as a sentence; empty: nobody.
std::string locked_by(const Decisions& decisions, std::string_view service, std::string_view token);

// Lets those who wait for the service look again when its lock expires, if it does.
void poke_at_expiry(Turns& turns, const Decisions& decisions, const std::string& service);

class LockDesk {
 public:
  explicit LockDesk(const Workplace& place);
  ~LockDesk();

  // The decisions are known: from now on locks end by their time.
  void start() { watch_expiry(); }
  void lock(const LockCommand& command, const Caller& caller,
            std::shared_ptr<CommandWatcher> watcher);
  void unlock(const UnlockCommand& command, const Caller& caller,
              std::shared_ptr<CommandWatcher> watcher);
  // Ends its requests, and the locks that it held.
  void detach(const CommandWatcher& watcher);
  void stop();
  // "ci holds the lock of shop while a command runs"; empty: nobody holds one by a connection.
  std::string describe_held() const;

 private:
  class Request;
  struct Held {
    std::shared_ptr<CommandWatcher> watcher;
    std::string service;
    LockRecord lock;
  };

  struct Removal;

  void on_locked(Request& request, const LockRecord& lock);
  void end(Request& request);
  void give_back(const Held& held);
  void remove(const Removal& removal, std::function<void(const Result<void, CommandError>&)> done);
  void take_away(const std::string& service, const std::string& token, std::string why);
  void watch_expiry();
  void on_expiry();

  Workplace place_;
  std::list<std::unique_ptr<Request>> requests_;
  std::list<Held> held_;
  Timer expiry_;  // of the lock that ends first
};

}  // namespace tealgate
