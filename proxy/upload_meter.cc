#include "proxy/upload_meter.h"

namespace tealgate {

Failure UploadMeter::on_bytes(std::uint64_t bytes, TimePoint now, const Limits& limits) {
  bytes_ += bytes;
  if (limits.bytes != 0 && bytes_ > limits.bytes) return Failure::BodyTooLarge;
  return is_too_slow(now, limits) ? Failure::BodyTimeout : Failure::None;
}

bool UploadMeter::is_too_slow(TimePoint now, const Limits& limits) const {
  // What comes while paused was read before.
  if (limits.rate == 0 || is_paused_) return false;
  const Duration taken = now - began_ - paused_;
  if (taken <= limits.grace) return false;
  const double seconds = std::chrono::duration<double>(taken).count();
  return static_cast<double>(bytes_) < seconds * static_cast<double>(limits.rate);
}

void UploadMeter::on_paused(TimePoint now) {
  if (is_paused_) return;
  is_paused_ = true;
  paused_at_ = now;
}

void UploadMeter::on_resumed(TimePoint now) {
  if (!is_paused_) return;
  is_paused_ = false;
  paused_ += now - paused_at_;
}

}  // namespace tealgate
