#include "control/visible.h"

#include <nlohmann/json.hpp>

#include "control/control_loop.h"
#include "control/history.h"

namespace tealgate {

using Json = nlohmann::ordered_json;

Json visible_status(const ControlLoop& control, const DaemonFacts& facts, const Access& access) {
  return visible_part(status_object(control, facts), access);
}

Json visible_part(Json object, const Access& access) {
  if (!access.services) return object;
  // Warnings may be about any service.
  if (object.contains("config") && object["config"].contains("warnings")) {
    object["config"]["warnings"] = Json::array();
  }
  if (!object.contains("services")) return object;
  Json seen = Json::object();
  for (const auto& [name, service] : object["services"].items()) {
    if (access.reaches(name)) seen[name] = service;
  }
  object["services"] = std::move(seen);
  return object;
}

bool is_visible(const Json& event, const Access& access) {
  return !access.services || access.reaches(event.value("service", ""));
}

std::vector<Json> visible_history(const ControlLoop& control, const Access& access,
                                  std::string_view service, std::size_t limit) {
  if (!service.empty() || !access.services) return control.history(service, limit);
  std::vector<Json> lines = control.history("", History::kRemembered);
  std::erase_if(lines, [&](const Json& line) { return !is_visible(line, access); });
  if (lines.size() > limit) lines.erase(lines.begin(), lines.end() - static_cast<long>(limit));
  return lines;
}

std::optional<Json> visible_operation(const ControlLoop& control, const Access& access,
                                      std::string_view id) {
  std::optional<Json> found = control.operation(id);
  if (found && !access.reaches(found->value("service", ""))) return std::nullopt;
  return found;
}

}  // namespace tealgate
