// How much memory the process's control group (cgroup v2) uses, and may use: the kernel kills a
// process of the group when nothing is left.
//
// It looks at the group and at all above it, each time anew, since limits may change. Without
// cgroup v2, or without a limit, there is nothing to tell. Any thread; reads small files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tealgate {

class MemoryGroup {
 public:
  // Of this process. Other places are for tests.
  explicit MemoryGroup(const std::string& root = "/sys/fs/cgroup",
                       const std::string& membership = "/proc/self/cgroup");

  // False: there is nothing to look at, now or later.
  bool exists() const { return !folders_.empty(); }

  struct Usage {
    std::uint64_t used = 0;  // without what the kernel can drop: its caches of files and names
    std::uint64_t limit = 0;
    unsigned percent() const { return static_cast<unsigned>(used * 100 / limit); }
  };
  // Of the group that is nearest to its limit; nothing: none has one, or it cannot be read now. One
  // above the own group counts if at least half of what it uses is the own group's: to save memory
  // here does not help against neighbours.
  std::optional<Usage> usage() const;

 private:
  std::vector<std::string> folders_;  // the own one first
};

}  // namespace tealgate
