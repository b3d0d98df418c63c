#include "control/health_policy.h"

namespace tealgate {

HealthPolicy::HealthPolicy(const HealthSettings& settings, Health initial)
    : settings_(settings), health_(initial) {}

Health HealthPolicy::on_check(bool ok) {
  const bool first = !checked_;
  streak_ = !first && ok == last_ok_ ? streak_ + 1 : 1;
  checked_ = true;
  last_ok_ = ok;
  if (first) {
    health_ = ok ? Health::Up : Health::Down;
  } else if (health_ != Health::Up && ok && streak_ >= settings_.rise) {
    health_ = Health::Up;
  } else if (health_ == Health::Up && !ok && streak_ >= settings_.fall) {
    health_ = Health::Down;
  }
  return health_;
}

bool HealthPolicy::is_changing() const {
  return !checked_ || last_ok_ != (health_ == Health::Up);
}

Duration HealthPolicy::interval() const {
  return is_changing() ? std::min<Duration>(kFastInterval, settings_.interval) : settings_.interval;
}

}  // namespace tealgate
