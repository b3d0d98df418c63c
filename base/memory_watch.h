// Says when the memory of the process's control group is nearly used up, and when there is room
// again.
//
//   Room ── used ≥ 90 % ──► Short ── used < 80 % ──► Room
//
// While it is short, what the allocator keeps free is given back to the system. It logs both turns.
// Owned by the daemon, whose loop it looks on; does nothing where no group has a limit.
#pragma once

#include <functional>

#include "base/memory_group.h"
#include "base/timer.h"

namespace tealgate {

class Loop;

class MemoryWatch {
 public:
  static constexpr unsigned kShortPercent = 90;
  static constexpr unsigned kRoomPercent = 80;

  struct Listener {
    std::function<void()> on_short;
    std::function<void()> on_room;
  };

  MemoryWatch(Loop& loop, MemoryGroup group, Listener listener);

 private:
  void look();

  MemoryGroup group_;
  Listener listener_;
  bool is_short_ = false;
  Timer look_;
};

}  // namespace tealgate
