#include "control/recovery.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/history.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

bool is_decided(const Json& line) {
  return line.value("event", "") == "decided";
}

bool ends_operation(const Json& line) {
  const std::string event = line.value("event", "");
  return event == "finished" || event == "interrupted";
}

// Times prove little, since clocks step. Only where older lines are not known here: what was
// decided before all of those that are known has its own among them.
bool has_line(const std::vector<Json>& history, const std::string& service,
              const RevisionRecord& record) {
  const bool is_whole = history.size() < History::kRemembered;
  if (!is_whole && format_wall_time(record.decided.at) < history.front().value("at", "")) {
    return true;
  }
  return std::any_of(history.begin(), history.end(), [&](const Json& line) {
    return is_decided(line) && line.value("service", "") == service &&
           line.value("revision", std::uint64_t{0}) == record.revision &&
           line.value("operation", "") == record.decided.operation;
  });
}

Json recovered_line(const std::string& service, const RevisionRecord& record) {
  Json line;
  line["at"] = format_wall_time(record.decided.at);
  line["event"] = "decided";
  line["service"] = service;
  line["operation"] = record.decided.operation;
  line["to"] = record.split.words();
  line["revision"] = record.revision;
  line["by"] = record.decided.by;
  line["reason"] = record.decided.reason;
  line["label"] = record.decided.label;
  if (!record.decided.operation.empty()) line["recovered"] = true;  // else: a service's first
  return line;
}

Json interrupted_line(const Json& decided, WallTime now) {
  Json line;
  line["at"] = format_wall_time(now);
  line["event"] = "interrupted";
  for (const char* key : {"service", "operation", "kind", "asked", "revision", "by"}) {
    if (decided.contains(key)) line[key] = decided[key];
  }
  line["message"] = "the daemon ended before this operation did; its decision holds";
  return line;
}

}  // namespace

std::vector<Json> lines_after_crash(const Decisions& decisions, const std::vector<Json>& history,
                                    WallTime now) {
  std::vector<Json> all = history;
  for (const auto& [name, service] : decisions.services) {
    if (service.past.empty() || has_line(history, name, service.past.back())) continue;
    all.push_back(recovered_line(name, service.past.back()));
  }
  std::vector<Json> missing(all.begin() + static_cast<std::ptrdiff_t>(history.size()), all.end());
  if (history.empty()) return missing;  // it was taken away, and with it what had ended
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string id = all[i].value("operation", "");
    if (!is_decided(all[i]) || id.empty()) continue;
    const bool ended = std::any_of(all.begin(), all.end(), [&](const Json& line) {
      return ends_operation(line) && line.value("operation", "") == id;
    });
    if (!ended) missing.push_back(interrupted_line(all[i], now));
  }
  return missing;
}

}  // namespace tealgate
