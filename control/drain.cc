#include "control/drain.h"

#include <algorithm>

namespace tealgate {

Drain::Drain(Deadlines deadlines, InFlight in_flight, TimePoint now)
    : deadlines_{deadlines.waiting, std::max(deadlines.waiting, deadlines.moving),
                 deadlines.spread},
      began_(now),
      now_(now),
      at_begin_(in_flight.all),
      left_(in_flight) {
  if (in_flight.all == 0) state_ = State::Finished;
}

std::optional<CutKind> Drain::on_counts(InFlight in_flight, TimePoint now) {
  if (is_over()) return std::nullopt;
  left_ = in_flight;
  now_ = now;
  if (in_flight.all == 0 && cuts_under_way_ == 0) {
    state_ = State::Finished;
    return std::nullopt;
  }
  if (state_ == State::Waiting && now >= began_ + deadlines_.waiting) {
    state_ = State::Streaming;
    return cut(CutKind::Waiting, now);
  }
  if (state_ == State::Streaming && now >= began_ + deadlines_.moving) {
    state_ = State::Cutting;
    return cut(CutKind::Moving, now);
  }
  // What was uploading at the deadline may wait for its answer by now.
  if (state_ == State::Streaming && cuts_under_way_ == 0 && now >= cut_at_ + kCutAgain) {
    return cut(CutKind::Waiting, now);
  }
  if (state_ == State::Cutting && now >= cut_at_ + kCutGrace) state_ = State::Finished;
  return std::nullopt;
}

// Each stream gets its kCloseTime before what is left is cut.
std::optional<Duration> Drain::begin_closing(TimePoint now) {
  const Duration longest = std::max(Duration::zero(), deadlines_.moving - kCloseTime);
  const Duration delay = deadlines_.spread == Duration::zero() ? longest : Duration::zero();
  if (is_over() || is_closing_told_ || now < began_ + delay) return std::nullopt;
  is_closing_told_ = true;
  return std::min(deadlines_.spread, longest);
}

CutKind Drain::cut(CutKind kind, TimePoint now) {
  cut_at_ = now;
  ++cuts_under_way_;
  return kind;
}

void Drain::on_cut(CutKind kind, unsigned exchanges) {
  (kind == CutKind::Waiting ? cut_http_ : cut_stream_) += exchanges;
  --cuts_under_way_;
  if (!is_over() && left_.all == 0 && cuts_under_way_ == 0) state_ = State::Finished;
}

void Drain::disarm(TimePoint now) {
  if (is_over()) return;
  now_ = now;
  state_ = State::Disarmed;
}

DrainReport Drain::report() const {
  DrainReport report;
  report.drained = state_ == State::Finished && left_.all == 0;
  report.left = left_.all;
  report.left_streams = left_.streams;
  const std::uint64_t cut = cut_http_ + cut_stream_;
  const std::uint64_t gone = at_begin_ - std::min(at_begin_, left_.all);
  report.finished = gone - std::min(gone, cut);
  report.cut_http = cut_http_;
  report.cut_stream = cut_stream_;
  report.took = now_ - began_;
  report.deadline = deadlines_.waiting;
  return report;
}

}  // namespace tealgate
