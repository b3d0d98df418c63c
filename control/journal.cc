#include "control/journal.h"

#include <future>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/loop.h"
#include "base/work.h"
#include "control/history.h"
#include "control/recovery.h"
#include "control/state_store.h"

namespace tealgate {
namespace {

CommandError not_written(const Error& why) {
  return {ErrorCode::Internal, why.message};
}

// A save that failed may have left the old state alone, as on a full disk: then it need not, and
// perhaps cannot, be saved again.
Result<void> put_back(StateStore& store, const std::string& state) {
  const auto stored = store.load();
  if (stored && *stored && encode_state(**stored) == state) return {};
  return store.save(state);
}

}  // namespace

// What the thread pool works on; no other thread touches it meanwhile.
struct Journal::Writing {
  Entry entry;
  Decisions next;
  std::string state_before;
  std::string state;  // empty: unchanged
  std::string line;   // empty: none
  Result<void> written;
  std::promise<void> over;  // kept when the pool's thread is done with it
};

Journal::Journal(Loop& loop, StateStore& store, History& history)
    : loop_(loop), store_(store), history_(history), self_(std::make_shared<Journal*>(this)) {}

// What is being written uses the store and the history on another thread: waits for it. Then the
// lines that wait are written; a change that nobody has begun is not made any more.
Journal::~Journal() {
  *self_ = nullptr;
  if (current_) {
    current_->over.get_future().wait();
    if (current_->written && current_->entry.change) decisions_ = std::move(current_->next);
  }
  if (is_held_) return;
  for (const Entry& entry : waiting_) {
    if (!entry.change && entry.line) (void)record_now(entry.line(decisions_));
  }
}

Result<FittedDecisions, CommandError> Journal::read(const Config& config, WallTime now,
                                                    Opened& opened) {
  auto stored = store_.load();
  if (!stored) return tl::make_unexpected(not_written(stored.error()));
  auto fitted = fit_to_config(stored->value_or(Decisions{}), config, now);
  if (!fitted) {
    return tl::make_unexpected(CommandError{ErrorCode::ConfigInvalid, fitted.error().message});
  }
  opened = {stored->has_value(), fitted->warnings};
  return std::move(*fitted);
}

Result<Journal::Opened, CommandError> Journal::look(const Config& config, WallTime now) {
  Opened opened;
  auto fitted = read(config, now, opened);
  if (!fitted) return tl::make_unexpected(fitted.error());
  decisions_ = std::move(fitted->decisions);
  is_held_ = true;
  return opened;
}

Result<Journal::Opened, CommandError> Journal::open(const Config& config, WallTime now) {
  Opened opened;
  auto fitted = read(config, now, opened);
  if (!fitted) return tl::make_unexpected(fitted.error());
  if (auto history = history_.open(); !history) {
    return tl::make_unexpected(not_written(history.error()));
  }
  decisions_ = std::move(fitted->decisions);
  if (fitted->changed) {
    if (auto saved = store_.save(encode_state(decisions_)); !saved) {
      return tl::make_unexpected(not_written(saved.error()));
    }
  }
  const auto known = history_.newest("", History::kRemembered);
  for (const auto& line : lines_after_crash(decisions_, known, now)) {
    if (auto recorded = record_now(line); !recorded) {
      return tl::make_unexpected(not_written(recorded.error()));
    }
  }
  is_held_ = false;
  go_on_soon();
  return opened;
}

void Journal::hold() {
  is_held_ = true;
  for (Entry& entry : std::exchange(waiting_, {})) refuse_soon(std::move(entry));
}

void Journal::add(Entry entry) {
  if (is_held_) return refuse_soon(std::move(entry));
  waiting_.push_back(std::move(entry));
  go_on_soon();
}

// Whoever waits for its end would wait for ever if the other daemon keeps the decisions.
void Journal::refuse_soon(Entry entry) {
  if (!entry.done) return;
  loop_.defer([self = self_, done = std::move(entry.done)] {
    if (*self == nullptr) return;
    done(tl::make_unexpected(
        CommandError{ErrorCode::Conflict, "another daemon decides now; nothing was changed here"}));
  });
}

void Journal::go_on_soon() {
  loop_.defer([self = self_] {
    if (*self != nullptr) (*self)->write_next();
  });
}

void Journal::write_next() {
  if (is_writing_ || is_held_ || waiting_.empty()) return;
  auto writing = std::make_shared<Writing>();
  writing->entry = std::move(waiting_.front());
  waiting_.pop_front();
  is_writing_ = true;
  if (writing->entry.change) {
    auto next = writing->entry.change(decisions_);
    if (!next) {
      is_writing_ = false;
      const auto self = self_;
      if (writing->entry.done) writing->entry.done(tl::make_unexpected(next.error()));
      if (*self != nullptr) write_next();
      return;
    }
    writing->next = std::move(*next);
    writing->state_before = encode_state(decisions_);
    writing->state = encode_state(writing->next);
  }
  if (writing->entry.line) {
    const Decisions& told = writing->entry.change ? writing->next : decisions_;
    const auto line = writing->entry.line(told);
    if (!line.is_null()) writing->line = json_text(line);
  }
  current_ = writing;
  run_in_pool(
      loop_,
      [writing, &store = store_, &history = history_] {
        write(*writing, store, history);
        writing->over.set_value();
      },
      [writing, self = self_] {
        if (*self != nullptr) (*self)->finish(*writing);
      });
}

// Thread pool. A decision holds only when it is synced and has its history line; otherwise the old
// state comes back.
void Journal::write(Writing& writing, StateStore& store, History& history) {
  if (!writing.state.empty()) writing.written = store.save(writing.state);
  if (writing.written && !writing.line.empty()) writing.written = history.append(writing.line);
  if (writing.written || writing.state.empty()) return;
  const auto restored = put_back(store, writing.state_before);
  writing.written = restored
                        ? error("{}; nothing was changed", writing.written.error().message)
                        : error("{}; nothing was changed yet, but after a restart it may be ({})",
                                writing.written.error().message, restored.error().message);
}

void Journal::finish(Writing& writing) {
  is_writing_ = false;
  current_.reset();
  if (writing.written) {
    if (writing.entry.change) decisions_ = std::move(writing.next);
    if (!writing.line.empty()) remember(writing.line);
  }
  const auto self = self_;
  if (writing.entry.done) {
    if (writing.written) {
      writing.entry.done({});
    } else {
      writing.entry.done(tl::make_unexpected(not_written(writing.written.error())));
    }
  }
  if (*self != nullptr) write_next();
}

Result<void> Journal::record_now(const nlohmann::ordered_json& line) {
  const std::string text = json_text(line);
  if (auto appended = history_.append(text); !appended) return appended;
  remember(text);
  return {};
}

void Journal::remember(const std::string& line) {
  history_.remember(line);
  if (!listener_) return;
  if (const auto newest = history_.newest("", 1); !newest.empty()) listener_(newest.front());
}

}  // namespace tealgate
