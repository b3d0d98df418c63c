// Decides one change of traffic from the call to its end: a switch, a rollback, or a server's
// state. Pure.
//
//   begin ── already so ─────────────────────────────────────────► Finished (unchanged)
//     │  └── held by another ──► Waiting ── turn ──► as from begin
//     │                             └── lock_wait or timeout passed, given up ──► Refused
//     ├── a compare fails ──────────────────────────────────────────────────────► Refused
//     ▼
//   Gating ── refused, timeout passed, given up ────────────────────────────────► Refused
//     │  └── passed, but a dry run ──────────────────────────────► Finished (unchanged)
//     ▼ passed, or no gate
//   Deciding ── could not be stored ────────────────────────────────────────────► Refused
//     ▼ stored: from here on it runs to its end; publish
//   Adopting
//     ▼ every worker has adopted: announce
//   Draining ── drained ─────────────────────────────────────────► Finished
//
// Events come in as calls, the next act goes out; only these calls change the state. The driver
// (Operation) does what the act says, arms a timer for deadline(), and reports back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "control/command.h"

namespace tealgate {

class Release {
 public:
  struct Order {
    bool dry_run = false;
    Duration healthy_within{0};
    Duration lock_wait{0};
    std::optional<Duration> timeout;
  };

  // How things stand for this order, looked at in one turn.
  struct Situation {
    bool already_so = false;
    std::string holder;      // who holds the lock or the span before an announcement; empty: nobody
    bool ends_soon = false;  // the holder has decided: it is waited for even without lock_wait
    std::optional<CommandError> mismatch;  // a compare failed, or what is asked cannot be
    bool gated = true;
  };

  enum class State : std::uint8_t {
    New,
    Waiting,
    Gating,
    Deciding,
    Adopting,
    Draining,
    Finished,
    Refused
  };

  // What the driver does next.
  enum class Act : std::uint8_t {
    None,
    Wait,        // call on_turn() when the lock or the span may be free
    Probe,       // a round of fresh checks at once, then on_gate()
    ProbeLater,  // the same after HealthPolicy::kFastInterval
    Store,       // then on_stored() or on_store_failed()
    Publish,     // then on_adopted() when every worker has adopted
    Announce,    // and drain; then on_drained()
    Finish,      // the end: see state(), refusal(), is_unchanged()
  };

  struct Gate {
    bool passed = false;
    bool may_settle = false;
    CommandError refusal;
  };

  // A later operation, which published another split.
  struct Successor {
    bool rolls_back = false;   // it undoes what is current
    bool brings_back = false;  // what this one was draining serves again
    std::string who;
  };

  Release(const Order& order, TimePoint now);

  Act begin(const Situation& situation, TimePoint now);
  Act on_turn(const Situation& situation, TimePoint now);
  Act on_gate(const Gate& gate, TimePoint now);
  Act on_stored();
  Act on_store_failed(CommandError error);
  Act on_adopted();
  Act on_drained();

  // This one's end becomes an error if it was taken back: if what it drains serves again, or the
  // first that follows is a rollback (a later one undoes another).
  void on_superseded(const Successor& later);
  // deadline() has passed.
  Act on_deadline(TimePoint now);
  // Nobody waits for the answer any more.
  Act on_abandoned();
  // The daemon ends.
  Act on_stop();

  // When on_deadline() is due; none: never.
  std::optional<TimePoint> deadline() const;

  State state() const { return state_; }
  bool is_over() const { return state_ == State::Finished || state_ == State::Refused; }
  // Compare to announcement: while this holds no other operation of the service may.
  bool holds_span() const;
  bool is_decided() const;
  bool is_unchanged() const { return unchanged_; }  // already so, or a dry run
  bool is_superseded() const { return superseded_; }
  // Why it was refused; or that it was taken back after publish. None: it went well.
  const std::optional<CommandError>& refusal() const { return refusal_; }

 private:
  Act look(const Situation& situation, TimePoint now);
  Act refuse(CommandError error);
  Act decide_or_end();

  Order order_;
  TimePoint began_;
  TimePoint gating_since_{};
  State state_ = State::New;
  bool unchanged_ = false;
  bool superseded_ = false;
  std::string holder_;
  std::optional<TimePoint> wait_until_;
  std::optional<CommandError> last_gate_;
  std::optional<CommandError> refusal_;
};

}  // namespace tealgate
