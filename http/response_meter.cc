#include "http/response_meter.h"

#include <algorithm>

namespace tealgate {

void ResponseMeter::on_waiting(TimePoint now, std::uint64_t taken) {
  if (is_waiting_) return;
  is_waiting_ = true;
  since_ = now;
  if (has_period_) return;
  has_period_ = true;
  taken_ = taken;
}

void ResponseMeter::on_not_waiting(TimePoint now) {
  if (!is_waiting_) return;
  is_waiting_ = false;
  waited_ += now - since_;
}

Duration ResponseMeter::left(Duration period) const {
  return std::max(period - waited_, Duration::zero());
}

ResponseMeter::Verdict ResponseMeter::judge(TimePoint now, std::uint64_t taken,
                                            const Floor& floor) {
  const std::uint64_t progress = taken - std::min(taken, taken_);
  since_ = now;
  waited_ = {};
  taken_ = taken;
  if (progress == 0) return Verdict::Stalled;
  const double seconds = std::chrono::duration<double>(floor.period).count();
  const double demanded = seconds * static_cast<double>(floor.rate);
  return static_cast<double>(progress) < demanded ? Verdict::TooSlow : Verdict::FastEnough;
}

}  // namespace tealgate
