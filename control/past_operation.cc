#include "control/past_operation.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/command.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

Json interrupted_result(const Json& line, std::string_view how) {
  return error_object(
      interrupted(line.value("service", ""), line.value("revision", std::uint64_t{0}), how));
}

Json finished_result(const Json& line) {
  const std::string verdict = line.value("verdict", "");
  if (verdict == "rolled_back") {
    return error_object({ErrorCode::Superseded, "it was switched, and then rolled back"});
  }
  if (verdict == "interrupted") return interrupted_result(line, "stopped");
  Json result = {{"ok", true}, {"changed", true}};
  for (const char* key : {"service", "pool", "server", "from", "to", "revision", "operation",
                          "switched_at", "took_ms", "drain", "superseded", "verdict"}) {
    if (line.contains(key)) result[key] = line[key];
  }
  if (line.contains("server")) result["state"] = line["to"].back();
  return result;
}

}  // namespace

std::optional<Json> past_result(const std::vector<Json>& history, std::string_view operation) {
  for (auto line = history.rbegin(); line != history.rend(); ++line) {
    if (line->value("operation", "") != operation) continue;
    const std::string event = line->value("event", "");
    if (event == "finished") return finished_result(*line);
    if (event == "refused") return Json{{"ok", false}, {"error", (*line)["error"]}};
    if (event == "interrupted") return interrupted_result(*line, "ended");
  }
  return std::nullopt;
}

}  // namespace tealgate
