#include "base/memory_watch.h"

#include <malloc.h>

#include <utility>

#include "base/log.h"
#include "base/loop.h"

namespace tealgate {
namespace {

constexpr Duration kLookAgain = std::chrono::milliseconds(250);
constexpr std::uint64_t kMiB = 1024 * 1024;

}  // namespace

MemoryWatch::MemoryWatch(Loop& loop, MemoryGroup group, Listener listener)
    : group_(std::move(group)), listener_(std::move(listener)), look_(loop, [this] { look(); }) {
  if (group_.exists()) look();
}

void MemoryWatch::look() {
  look_.start(kLookAgain);
  const std::optional<MemoryGroup::Usage> usage = group_.usage();
  const unsigned percent = usage ? usage->percent() : 0;
  if (!is_short_ && percent >= kShortPercent) {
    is_short_ = true;
    log_warning(
        "memory: {} of {} MiB of the control group are used; new clients wait, who is connected "
        "is served",
        usage->used / kMiB, usage->limit / kMiB);
    listener_.on_short();
  }
  if (!is_short_) return;
  malloc_trim(0);
  if (percent >= kRoomPercent) return;
  is_short_ = false;
  log_info("memory: there is room again; clients are accepted");
  listener_.on_room();
}

}  // namespace tealgate
