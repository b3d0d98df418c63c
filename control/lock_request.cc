#include "control/lock_request.h"

#include <nlohmann/json.hpp>

#include "base/even_clock.h"
#include "control/operations.h"

namespace tealgate {

LockDesk::Request::Request(const Workplace& place, const LockCommand& command, const Caller& caller,
                           std::shared_ptr<CommandWatcher> watcher, Outcome outcome)
    : place_(place),
      command_(command),
      caller_(caller),
      watcher_(std::move(watcher)),
      outcome_(std::move(outcome)),
      deadline_(place.loop,
                [this] {
                  refuse({ErrorCode::Conflict, fmt::format("{}; waited {}", waits_for_,
                                                           format_duration(command_.lock_wait))});
                }),
      self_(std::make_shared<Request*>(this)) {}

LockDesk::Request::~Request() {
  *self_ = nullptr;
  leave();
}

void LockDesk::Request::begin() {
  if (command_.lock_wait > Duration::zero()) deadline_.start(command_.lock_wait);
  on_turn();
}

void LockDesk::Request::leave() {
  if (has_left_) return;
  has_left_ = true;
  deadline_.stop();
  place_.turns.forget(command_.service, *this);
}

bool LockDesk::Request::abandon() {
  watcher_.reset();
  return !is_storing_;
}

std::string LockDesk::Request::describe() const {
  return fmt::format("{} is locking {}", caller_.by, command_.service);
}

std::string LockDesk::Request::holder() const {
  const TurnTaker* holder = place_.turns.holder(command_.service);
  if (holder != nullptr && holder != this) return holder->describe();
  return locked_by(place_.journal.decisions(), command_.service, command_.lock);
}

void LockDesk::Request::on_turn() {
  waits_for_ = holder();
  if (waits_for_.empty()) return store();
  if (command_.lock_wait <= Duration::zero()) {
    return refuse({ErrorCode::Conflict, waits_for_});
  }
  place_.turns.wait(command_.service, *this);
  poke_at_expiry(place_.turns, place_.journal.decisions(), command_.service);
  if (watcher_) watcher_->on_progress("waiting", waits_for_, command_.operation);
}

void LockDesk::Request::refuse(CommandError error) {
  const auto watcher = watcher_;
  const auto end = outcome_.on_end;
  end(*this);
  if (watcher) watcher->on_finished(error_object(error));
}

void LockDesk::Request::store() {
  deadline_.stop();
  is_storing_ = true;
  place_.turns.take(command_.service, *this);
  const WallTime now = WallClock::now();
  lock_ = {new_token(), caller_.by, command_.reason, now, std::nullopt, command_.hold};
  if (command_.ttl) {
    lock_.expires_at = even_now() + std::chrono::duration_cast<WallClock::duration>(*command_.ttl);
  }
  // The request may have ended when the journal comes to it: then nobody wants the lock.
  place_.journal.add(
      {.change = [self = self_, change = LockChange{command_.service, lock_}](
                     const Decisions& decisions) -> Result<Decisions, CommandError> {
         if (*self == nullptr || (*self)->has_left_) {
           return tl::make_unexpected(CommandError{ErrorCode::Internal, "given up"});
         }
         auto next = apply(decisions, change);
         if (next) return std::move(*next);
         return tl::make_unexpected(CommandError{ErrorCode::Unknown, next.error().message});
       },
       .line = [line = line()](const Decisions&) { return line; },
       .done =
           [self = self_](const Result<void, CommandError>& stored) {
             if (*self != nullptr) (*self)->on_stored(stored);
           }});
}

void LockDesk::Request::on_stored(const Result<void, CommandError>& stored) {
  is_storing_ = false;
  if (!stored) return refuse(stored.error());
  const auto tell = outcome_.on_locked;
  tell(*this, lock_);
}

nlohmann::ordered_json LockDesk::Request::line() const {
  nlohmann::ordered_json line;
  line["at"] = format_wall_time(lock_.since);
  line["event"] = "locked";
  line["service"] = command_.service;
  line["by"] = caller_.by;
  line["reason"] = command_.reason;
  if (lock_.expires_at) line["expires_at"] = format_wall_time(told_by_wall(*lock_.expires_at));
  return line;
}

}  // namespace tealgate
