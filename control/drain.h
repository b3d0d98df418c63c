// Decides when a server left out by a change is drained: a pure state machine.
//
//   (begin) ──count 0────────────────────────────────────────────► Finished
//      │                                                               ▲
//      ▼                                                               │
//   Waiting ──count 0──────────────────────────────────────────────────┤
//      │ deadline: cut Waiting                                         │
//      ▼                                                               │
//   Streaming ──count 0────────────────────────────────────────────────┤
//      │ stream deadline: cut Moving                                   │
//      ▼                                                               │
//   Cutting ──count 0, or kCutGrace passed─────────────────────────────┘
//
//   Besides, from the beginning or shortly before the stream deadline, streams are closed properly:
//   begin_closing(). They count as finished.
//   Streaming cuts Waiting again and again: an upload that was moving may wait by now.
//   disarm() leads from every state but Finished to Disarmed. While a cut is under way, count 0
//   does not finish yet: what vanished may have been cut.
//
// It begins when every worker has adopted the snapshot that left the servers out, so that counts
// only fall. It opens nothing and reads no clock: counts and time come as arguments, orders to cut
// go out. One a server.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "upstream/data_plane.h"

namespace tealgate {

struct DrainReport {
  bool drained = false;            // nothing was left at the end, though perhaps because it was cut
  std::uint64_t finished = 0;      // exchanges that ended by themselves
  std::uint64_t left = 0;          // still there
  std::uint64_t left_streams = 0;  // of them: tunnels and event streams
  std::uint64_t cut_http = 0;
  std::uint64_t cut_stream = 0;
  Duration took{0};
  Duration deadline{0};
};

class Drain {
 public:
  struct Deadlines {
    Duration waiting;  // from the beginning; exchanges without a response byte
    Duration moving;   // from the beginning; what still moves; at least `waiting`
    // Over which streams are closed properly, from the beginning; zero: all kCloseTime before
    // `moving`.
    Duration spread{0};
  };
  struct InFlight {
    std::uint64_t all = 0;
    std::uint64_t streams = 0;  // of them: tunnels and event streams
  };
  enum class State : std::uint8_t { Waiting, Streaming, Cutting, Finished, Disarmed };

  Drain(Deadlines deadlines, InFlight in_flight, TimePoint now);

  // What is in flight at `now`. Returns what to cut: what waits, from its deadline on every
  // kCutAgain; then what moves, once.
  std::optional<CutKind> on_counts(InFlight in_flight, TimePoint now);
  // Whether streams are closed properly from now on, and over which time; tells it once.
  std::optional<Duration> begin_closing(TimePoint now);
  // A cut order was carried out. A drain doesn't finish before it is told: what vanishes meanwhile
  // may have been cut.
  void on_cut(CutKind kind, unsigned exchanges);
  // The servers are in use again: nothing more is cut, and the drain is over.
  void disarm(TimePoint now);

  State state() const { return state_; }
  bool is_over() const { return state_ == State::Finished || state_ == State::Disarmed; }
  DrainReport report() const;

  // How long after the last cut an exchange may take to vanish before the drain gives up on it.
  static constexpr Duration kCutGrace = std::chrono::seconds(2);
  // An exchange that ends its upload after the deadline waits this long at most.
  static constexpr Duration kCutAgain = std::chrono::seconds(1);

 private:
  CutKind cut(CutKind kind, TimePoint now);

  Deadlines deadlines_;
  TimePoint began_;
  TimePoint now_;
  TimePoint cut_at_{};
  State state_ = State::Waiting;
  bool is_closing_told_ = false;
  std::uint64_t at_begin_;
  InFlight left_;
  unsigned cuts_under_way_ = 0;
  std::uint64_t cut_http_ = 0;
  std::uint64_t cut_stream_ = 0;
};

}  // namespace tealgate
