// What the kernel knows of this process: the `process_*` metrics.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace tealgate {

struct ProcessFacts {
  Duration cpu{};
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
  double started_s = 0;  // since the epoch
};

// Reads /proc/self; what can't be read is zero.
ProcessFacts process_facts();

}  // namespace tealgate
