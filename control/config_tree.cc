#include "control/config_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace tealgate {
namespace {

void check_keys(ConfigNode& map, Findings& findings) {
  std::map<std::string_view, int> lines;
  for (ConfigEntry& entry : map.entries) {
    if (entry.is_bad_key) {
      entry.value.is_bad = true;
      map.is_incomplete = true;
      findings.error(entry.at, "this key is not a word",
                     "quote it if it begins with [ { * & or !, or if it is empty");
      continue;
    }
    const auto [first, is_new] = lines.emplace(entry.key, entry.at.line + 1);
    if (is_new) continue;
    entry.is_repeated = true;
    findings.error(entry.at,
                   fmt::format("\"{}\" is set twice: first on line {}, again on line {}", entry.key,
                               first->second, entry.at.line + 1),
                   "keep one of the two");
  }
}

}  // namespace

const ConfigEntry* ConfigNode::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &ConfigEntry::key);
  return found == entries.end() ? nullptr : &*found;
}

void check_tree(ConfigNode& node, Findings& findings) {
  if (node.kind == ConfigNode::Kind::Alias) {
    node.is_bad = true;
    findings.error(node.at, "aliases (*name) are not supported",
                   "repeat the value, or put what services share into \"defaults\"");
  } else if (!node.tag.empty()) {
    node.is_bad = true;
    findings.error(node.at, fmt::format("tags ({}) are not supported", node.tag),
                   "leave the tag out; quote the value if it is a text");
  } else if (node.has_anchor) {
    findings.error(node.at, "anchors (&name) are not supported",
                   "leave the anchor out; what services share goes into \"defaults\"");
  }
  if (node.is_map()) check_keys(node, findings);
  for (ConfigNode& item : node.items) check_tree(item, findings);
  for (ConfigEntry& entry : node.entries) check_tree(entry.value, findings);
}

}  // namespace tealgate
