#include "control/merge_patch.h"

#include <nlohmann/json.hpp>

namespace tealgate {

using Json = nlohmann::ordered_json;

Json merge_patch_between(const Json& before, const Json& after) {
  if (!before.is_object() || !after.is_object()) return after;
  Json patch = Json::object();
  for (const auto& [name, value] : after.items()) {
    const auto known = before.find(name);
    if (known == before.end()) {
      patch[name] = value;
    } else if (*known != value) {
      patch[name] = merge_patch_between(*known, value);
    }
  }
  for (const auto& [name, value] : before.items()) {
    if (!after.contains(name)) patch[name] = nullptr;
  }
  return patch;
}

}  // namespace tealgate
