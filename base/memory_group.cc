#include "base/memory_group.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace tealgate {
namespace {

constexpr std::string_view kUnified = "0::";  // begins the line of cgroup v2

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// "max" is no number.
std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end == text.data()) return std::nullopt;
  return number;
}

// Of memory.stat: "inactive_file 123". Files in the cache count as active once they were read
// twice, as those of a log that is written and shipped.
std::uint64_t droppable(const std::string& folder) {
  std::istringstream lines(text_of(folder + "/memory.stat"));
  std::string name;
  std::uint64_t value = 0;
  std::uint64_t sum = 0;
  while (lines >> name >> value) {
    const bool counts =
        name == "inactive_file" || name == "active_file" || name == "slab_reclaimable";
    if (counts) sum += value;
  }
  return sum;
}

// Nothing: it cannot be read.
std::optional<std::uint64_t> used_by(const std::string& folder) {
  const auto current = number_of(text_of(folder + "/memory.current"));
  if (!current) return std::nullopt;
  return *current - std::min(*current, droppable(folder));
}

std::optional<MemoryGroup::Usage> usage_of(const std::string& folder) {
  const auto limit = number_of(text_of(folder + "/memory.max"));
  const auto used = used_by(folder);
  if (!limit || *limit == 0 || !used) return std::nullopt;
  return MemoryGroup::Usage{*used, *limit};
}

}  // namespace

MemoryGroup::MemoryGroup(const std::string& root, const std::string& membership) {
  std::istringstream lines(text_of(membership));
  std::string line;
  while (std::getline(lines, line)) {
    if (!line.starts_with(kUnified)) continue;
    std::filesystem::path group = line.substr(kUnified.size());
    for (;; group = group.parent_path()) {
      const std::string folder = group == "/" ? root : root + group.string();
      if (std::filesystem::exists(folder + "/memory.max")) folders_.push_back(folder);
      if (group == "/" || group.empty()) return;
    }
  }
}

std::optional<MemoryGroup::Usage> MemoryGroup::usage() const {
  std::optional<Usage> nearest;
  if (folders_.empty()) return nearest;
  const std::uint64_t own = used_by(folders_.front()).value_or(0);
  for (const std::string& folder : folders_) {
    const std::optional<Usage> usage = usage_of(folder);
    if (!usage || own < usage->used / 2) continue;
    if (!nearest || usage->percent() > nearest->percent()) nearest = usage;
  }
  return nearest;
}

}  // namespace tealgate
