#include "base/open_descriptors.h"

#include <filesystem>
#include <vector>

namespace tealgate {

std::set<std::string> open_descriptors() {
  namespace fs = std::filesystem;
  std::vector<fs::path> links;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd", ignored)) {
    links.push_back(entry.path());
  }
  std::set<std::string> open;
  for (const fs::path& link : links) {
    // The listing's own descriptor is closed by now, and its link gone.
    const fs::path target = fs::read_symlink(link, ignored);
    if (!target.empty()) open.insert(link.filename().string() + ": " + target.string());
  }
  return open;
}

}  // namespace tealgate
