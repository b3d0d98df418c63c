#include "control/visible.h"

#include <array>
#include <nlohmann/json.hpp>

#include "control/certificate_report.h"
#include "control/control_loop.h"
#include "control/history.h"

namespace tealgate {

using Json = nlohmann::ordered_json;

namespace {

// Of what is not below `services`, what names files and hosts.
void hide_tls(Json& object, const Access& access) {
  if (object.contains("certificates")) keep_certificates(object["certificates"], access);
  if (object.contains("tls_faults")) object["tls_faults"] = Json::array();
}

// Counts over all services: what is left of them without one's own is others'.
constexpr std::array kTotals = {"in_flight", "finished", "client_connections",
                                "refused_connections"};

}  // namespace

Json visible_status(const ControlLoop& control, const DaemonFacts& facts, const Access& access) {
  return visible_part(status_object(control, facts), access);
}

Json visible_part(Json object, const Access& access) {
  if (!access.services) return object;
  hide_tls(object, access);
  for (const char* total : kTotals) object.erase(total);
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

std::vector<std::string> visible_services_of(const ControlLoop& control, const Access& access,
                                             std::string_view operation) {
  std::vector<std::string> services;
  for (const std::string& service : control.services_of_operation(operation)) {
    if (access.reaches(service)) services.push_back(service);
  }
  return services;
}

}  // namespace tealgate
