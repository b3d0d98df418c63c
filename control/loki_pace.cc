#include "control/loki_pace.h"

#include <algorithm>

namespace tealgate {

LokiPace::Outcome LokiPace::outcome_of(int status) {
  if (status >= 200 && status < 300) return Outcome::Accepted;
  return status == 0 || status == 429 || status >= 500 ? Outcome::Failed : Outcome::Refused;
}

TimePoint LokiPace::due(std::size_t bytes, TimePoint first) const {
  if (is_pausing()) return resumes_;
  return bytes >= kBatchBytes ? first : first + kBatchAge;
}

void LokiPace::on_failed(TimePoint now, Duration retry_after, double chance) {
  constexpr unsigned kDoublings = 6;  // reach the longest pause
  const Duration pause =
      std::min(kFirstPause * (1 << std::min(pauses_, kDoublings)), kLongestPause);
  const auto half = static_cast<double>(pause.count()) / 2;
  const Duration drawn(static_cast<Duration::rep>(half + half * chance));
  resumes_ = now + std::max(drawn, std::min(retry_after, kLongestRetryAfter));
  ++pauses_;
}

LokiPace::News LokiPace::news(Outcome outcome, std::uint64_t untold, TimePoint now) {
  if (outcome == Outcome::Accepted) {
    if (told_ != News::Works) return told_ = News::Works;
    return untold > 0 && may_complain(now) ? News::Lags : News::None;
  }
  const News trouble = outcome == Outcome::Failed ? News::Fails : News::Refuses;
  if (trouble == told_ || !may_complain(now)) return News::None;
  return told_ = trouble;
}

bool LokiPace::may_complain(TimePoint now) {
  if (told_at_ != TimePoint::min() && now - told_at_ < kQuiet) return false;
  told_at_ = now;
  return true;
}

}  // namespace tealgate
