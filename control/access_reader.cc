#include "control/access_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.h"

namespace tealgate {

std::optional<Role> AccessReader::role(const ConfigNode& node) {
  const std::optional<std::string> word = reader_.text(node, "role");
  if (!word) return std::nullopt;
  const std::optional<Role> known = parse_role(*word);
  if (!known) {
    reader_.reject(node, "role",
                   {"is no role: it is viewer, deployer or admin", unknown_role(*word).hint});
  }
  return known;
}

std::vector<std::string> AccessReader::services(const ConfigNode& node) {
  std::vector<std::string> names;
  for (const ConfigNode* item : reader_.scalars(node, "services")) {
    names.push_back(item->text);
    mentioned_.push_back(item);
  }
  return names;
}

void AccessReader::check_services(const ConfigNode& services) {
  std::vector<std::string> names;
  for (const ConfigEntry& entry : services.entries) names.push_back(entry.key);
  for (const ConfigNode* node : mentioned_) {
    if (std::ranges::find(names, node->text) != names.end()) continue;
    const std::string near = suggest(node->text, names);
    reader_.reject(*node, "services",
                   {"is no service of this file",
                    near.empty() ? "" : fmt::format("did you mean \"{}\"?", near)});
  }
}

}  // namespace tealgate
