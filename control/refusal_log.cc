#include "control/refusal_log.h"

#include "base/log.h"

namespace tealgate {

void RefusalLog::add(std::string_view who, const CommandError& why, TimePoint now) {
  if (logged_ == 0 || now - begin_ >= kSpan) {
    begin_ = now;
    logged_ = 0;
  }
  if (++logged_ > kMost) return;
  log_warning("refused what {} asked: {}{}", who, why.message,
              logged_ == kMost ? "; more are not logged in this minute" : "");
}

}  // namespace tealgate
