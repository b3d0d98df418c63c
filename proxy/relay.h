// Decides what becomes of one exchange; does no I/O, reads no clock, sees no payload.
//
//             on_attempt            on_response_head            on_response_end
//   Waiting ─────────────▶ Asking ───────────────────▶ Answering ──────────────▶ Done (ok)
//      ▲                     │                             │
//      ├── on_answer_replaced ┤                            │
//      └──── Act::Retry ─────┤ on_attempt_failed           │ on_attempt_failed
//                            ▼                             ▼
//                     Act::Reply: Done              Act::Cut: Done
//
// From Waiting on_answered leads to Done (ok) without a server: the proxy knew the answer. From
// Answering on_closed leads to Done: the proxy ended the answer properly. From every state
// on_client_failure and on_stopped lead to Done. Exactly one finish; at most one response head;
// never both a head and an error reply. Each on_…() is an arrow; nothing else assigns the state.
#pragma once

#include <cstdint>

#include "http/failure.h"

namespace tealgate {

class Relay {
 public:
  struct Rules {
    unsigned attempts = 3;
    bool may_repeat = false;  // sent twice it does no harm: idempotent, or the operator says so
    bool repeats_timeouts = false;
  };

  enum class Act : std::uint8_t {
    Retry,    // claim another server, then give up the failed one
    Reply,    // answer with the failure's own page
    Cut,      // close so that the client can tell
    Nothing,  // the exchange is over
  };

  explicit Relay(const Rules& rules) : rules_(rules) {}

  // The proxy answers itself, and nothing is wrong.
  void on_answered();
  // An attempt begins: a server was picked and claimed.
  void on_attempt();
  // No server is eligible.
  Act on_no_server();
  // `is_replayable`: all of the request's body that came so far is still at hand. `budget` is for
  // what is repeated only because the operator says so.
  enum class Budget : std::uint8_t { Left, Spent };
  Act on_attempt_failed(Failure failure, bool is_replayable, Budget budget = Budget::Left);
  // Whether another server may be asked in place of the answer whose head has come.
  bool may_replace_answer(bool is_replayable, Budget budget) const;
  // It is: on_attempt() follows.
  void on_answer_replaced();
  // A 1xx was passed on: the client has seen something of this server, so there is no retry any
  // more.
  void on_interim();
  void on_response_head();
  void on_response_end();
  // An answer without an end of its own was given one, before its server did.
  void on_closed(Failure failure);
  // The client's side broke: there is nobody to answer. Also after the response's end, while the
  // client has not taken all of it.
  void on_client_failure(Failure failure);
  // Routing, a drain, the daemon's end or an overall deadline ends it: no retry.
  Act on_stopped(Failure failure);

  bool is_done() const { return state_ == State::Done; }
  bool is_answering() const { return state_ == State::Answering; }
  unsigned attempts() const { return attempts_; }
  // How it ended: None while it runs and when all went well.
  Failure failure() const { return failure_; }

 private:
  enum class State : std::uint8_t { Waiting, Asking, Answering, Done };

  Act finish(Failure failure);
  bool may_retry(Failure failure, bool is_replayable, Budget budget) const;
  bool may_go_on() const { return !interim_passed_ && attempts_ < rules_.attempts; }

  Rules rules_;
  State state_ = State::Waiting;
  Failure failure_ = Failure::None;
  unsigned attempts_ = 0;
  bool interim_passed_ = false;
};

}  // namespace tealgate
