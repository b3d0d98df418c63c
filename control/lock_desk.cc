#include "control/lock_desk.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/even_clock.h"
#include "base/loop.h"
#include "control/journal.h"
#include "control/lock_request.h"
#include "control/operations.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

Json unlocked(bool changed) {
  Json answer;
  answer["ok"] = true;
  answer["changed"] = changed;
  return answer;
}

// The timer is coarse: rather a little late than too early.
Duration until(WallTime time) {
  constexpr Duration kMargin = std::chrono::milliseconds(20);
  return std::max(Duration::zero(), Duration(time - even_now())) + kMargin;
}

}  // namespace

std::string locked_by(const Decisions& decisions, std::string_view service,
                      std::string_view token) {
  const ServiceDecisions* decided = decisions.find(service);
  const LockRecord* lock = decided ? decided->lock_at(even_now()) : nullptr;
  if (lock == nullptr || lock->token == token) return "";
  std::string text = fmt::format("{} is locked by {} since {}", service, lock->holder,
                                 format_wall_time(lock->since));
  if (!lock->reason.empty()) text += fmt::format(" (\"{}\")", lock->reason);
  return text;
}

void poke_at_expiry(Turns& turns, const Decisions& decisions, const std::string& service) {
  const ServiceDecisions* decided = decisions.find(service);
  if (decided == nullptr || !decided->lock || !decided->lock->expires_at) return;
  turns.poke_after(service, until(*decided->lock->expires_at));
}

struct LockDesk::Removal {
  std::string service;
  LockRecord lock;
  std::string by;
  std::string reason;

  Json line() const {
    Json line;
    line["at"] = format_wall_time(WallClock::now());
    line["event"] = "unlocked";
    line["service"] = service;
    line["holder"] = lock.holder;
    line["by"] = by;
    line["reason"] = reason;
    if (lock.expires_at) line["expires_at"] = format_wall_time(told_by_wall(*lock.expires_at));
    return line;
  }
};

LockDesk::LockDesk(const Workplace& place)
    : place_(place), expiry_(place.loop, [this] { on_expiry(); }) {}
LockDesk::~LockDesk() = default;

void LockDesk::lock(const LockCommand& command, const Caller& caller,
                    std::shared_ptr<CommandWatcher> watcher) {
  requests_.push_back(std::make_unique<Request>(
      place_, command, caller, std::move(watcher),
      Request::Outcome{.on_locked = [this](Request& request,
                                           const LockRecord& lock) { on_locked(request, lock); },
                       .on_end = [this](Request& request) { end(request); }}));
  requests_.back()->begin();
}

void LockDesk::on_locked(Request& request, const LockRecord& lock) {
  const std::string service = request.command().service;
  const auto watcher = request.watcher();
  const bool is_held = request.command().hold;
  end(request);
  watch_expiry();
  Json answer;
  answer["ok"] = true;
  answer["lock"] = lock.token;
  answer["holder"] = lock.holder;
  answer["expires_at"] =
      lock.expires_at ? Json(format_wall_time(told_by_wall(*lock.expires_at))) : Json(nullptr);
  if (!is_held) {
    if (watcher) watcher->on_finished(answer);
    return;
  }
  const Held held{watcher, service, lock};
  if (!watcher) return give_back(held);
  held_.push_back(held);
  watcher->on_locked(answer);
}

void LockDesk::end(Request& request) {
  const auto found = std::find_if(requests_.begin(), requests_.end(),
                                  [&](const auto& one) { return one.get() == &request; });
  if (found == requests_.end()) return;
  request.leave();
  place_.loop.destroy_later(std::move(*found));
  requests_.erase(found);
}

void LockDesk::unlock(const UnlockCommand& command, const Caller& caller,
                      std::shared_ptr<CommandWatcher> watcher) {
  const ServiceDecisions* decided = place_.journal.decisions().find(command.service);
  const LockRecord* found = decided ? decided->lock_at(even_now()) : nullptr;
  if (found == nullptr) return watcher->on_finished(unlocked(false));
  const std::string holder = locked_by(place_.journal.decisions(), command.service, command.lock);
  if (!holder.empty() && !command.force) {
    return watcher->on_finished(
        error_object({ErrorCode::Conflict, holder, nullptr,
                      fmt::format("tealgate unlock -s {} --force", command.service)}));
  }
  const LockRecord lock = *found;
  remove({command.service, lock, caller.by, command.reason},
         [this, command, lock, caller, watcher](const Result<void, CommandError>& done) {
           if (!done) return watcher->on_finished(error_object(done.error()));
           take_away(command.service, lock.token,
                     fmt::format("{} took the lock of {} away", caller.by, command.service));
           place_.turns.poke(command.service);
           watcher->on_finished(unlocked(true));
         });
}

// Tells whoever held the lock by a connection that it is gone.
void LockDesk::take_away(const std::string& service, const std::string& token, std::string why) {
  const auto found = std::find_if(held_.begin(), held_.end(), [&](const Held& held) {
    return held.service == service && held.lock.token == token;
  });
  if (found == held_.end()) return;
  const auto watcher = found->watcher;
  held_.erase(found);
  watcher->on_finished(error_object({ErrorCode::Conflict, std::move(why)}));
}

void LockDesk::watch_expiry() {
  std::optional<WallTime> first;
  for (const auto& [service, decided] : place_.journal.decisions().services) {
    if (!decided.lock || !decided.lock->expires_at) continue;
    first = std::min(first.value_or(WallTime::max()), *decided.lock->expires_at);
  }
  first ? expiry_.start(until(*first)) : expiry_.stop();
}

// It kept nobody out any more; now it is gone, and the history says so.
void LockDesk::on_expiry() {
  const WallTime now = even_now();
  for (const auto& [name, decided] : place_.journal.decisions().services) {
    if (!decided.lock || decided.lock_at(now) != nullptr) continue;
    const Removal removal{name, *decided.lock, "", "its time was over"};
    remove(removal, [this, removal](const Result<void, CommandError>& done) {
      if (!done) return place_.log(done.error().message);
      take_away(removal.service, removal.lock.token,
                fmt::format("the time of {}'s lock of {} was over", removal.lock.holder,
                            removal.service));
      watch_expiry();
    });
  }
}

void LockDesk::detach(const CommandWatcher& watcher) {
  for (const auto& request : requests_) {
    if (request->watcher().get() != &watcher) continue;
    if (request->abandon()) end(*request);
    break;
  }
  const auto found = std::find_if(held_.begin(), held_.end(),
                                  [&](const Held& held) { return held.watcher.get() == &watcher; });
  if (found == held_.end()) return;
  const Held held = *found;
  held_.erase(found);
  give_back(held);
}

void LockDesk::give_back(const Held& held) {
  remove({held.service, held.lock, held.lock.holder, ""},
         [this, held](const Result<void, CommandError>& done) {
           if (!done) place_.log(done.error().message);
           place_.turns.poke(held.service);
         });
}

// Records nothing if somebody else was quicker.
void LockDesk::remove(const Removal& removal,
                      std::function<void(const Result<void, CommandError>&)> done) {
  const auto removed = std::make_shared<bool>(false);
  place_.journal.add(
      {.change = [removal, removed](const Decisions& now) -> Result<Decisions, CommandError> {
         const ServiceDecisions* decided = now.find(removal.service);
         *removed = decided && decided->lock && decided->lock->token == removal.lock.token;
         return *removed ? *apply(now, LockChange{removal.service, std::nullopt}) : now;
       },
       .line = [removal,
                removed](const Decisions&) { return *removed ? removal.line() : Json(nullptr); },
       .done = std::move(done)});
}

std::string LockDesk::describe_held() const {
  if (held_.empty()) return "";
  const Held& first = held_.front();
  return fmt::format("{} holds the lock of {} as long as a command runs", first.lock.holder,
                     first.service);
}

void LockDesk::stop() {
  const CommandError stopping{ErrorCode::Internal, "the daemon is stopping"};
  while (!requests_.empty()) {
    Request& request = *requests_.front();
    const auto watcher = request.watcher();
    end(request);
    if (watcher) watcher->on_finished(error_object(stopping));
  }
  for (const Held& held : std::exchange(held_, {})) {
    remove({held.service, held.lock, held.lock.holder, stopping.message},
           [](const Result<void, CommandError>&) {});
    held.watcher->on_finished(error_object(stopping));
  }
}

}  // namespace tealgate
