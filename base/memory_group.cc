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

// Of memory.stat: "inactive_file 123".
std::uint64_t droppable(const std::string& folder) {
  std::istringstream lines(text_of(folder + "/memory.stat"));
  std::string name;
  std::uint64_t value = 0;
  while (lines >> name >> value) {
    if (name == "inactive_file") return value;
  }
  return 0;
}

std::optional<MemoryGroup::Usage> usage_of(const std::string& folder) {
  const auto limit = number_of(text_of(folder + "/memory.max"));
  const auto current = number_of(text_of(folder + "/memory.current"));
  if (!limit || *limit == 0 || !current) return std::nullopt;
  return MemoryGroup::Usage{*current - std::min(*current, droppable(folder)), *limit};
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
  for (const std::string& folder : folders_) {
    const std::optional<Usage> usage = usage_of(folder);
    if (usage && (!nearest || usage->percent() > nearest->percent())) nearest = usage;
  }
  return nearest;
}

}  // namespace tealgate
