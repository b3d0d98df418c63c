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
  if (line.value("verdict", "") == "interrupted") return interrupted_result(line, "stopped");
  Json result = {{"ok", true}, {"changed", true}};
  for (const char* key : {"service", "pool", "server", "from", "to", "revision", "operation",
                          "switched_at", "took_ms", "drain", "superseded", "verdict"}) {
    if (line.contains(key)) result[key] = line[key];
  }
  if (line.contains("server")) result["state"] = line["to"].back();
  return result;
}

}  // namespace

std::optional<Json> past_operation(const std::vector<Json>& history, std::string_view id) {
  std::optional<Json> found;
  for (const Json& line : history) {
    if (line.value("operation", "") != id) continue;
    if (!found) found = Json::object();
    found->update(line);
  }
  if (!found || found->value("event", "") == "decided") return std::nullopt;
  return found;
}

Json past_result(const Json& line) {
  const std::string event = line.value("event", "");
  if (line.contains("error")) return {{"ok", false}, {"error", line["error"]}};
  return event == "interrupted" ? interrupted_result(line, "ended") : finished_result(line);
}

Json past_object(const Json& line) {
  Json object;
  object["id"] = line.value("operation", "");
  object["kind"] = line.value("kind", "");
  object["service"] = line.value("service", "");
  object["phase"] = line.value("event", "") == "refused" ? "refused" : "finished";
  for (const char* key : {"by", "reason", "label"}) object[key] = line.value(key, "");
  for (const char* key : {"from", "to"}) object[key] = line.value(key, Json::array());
  if (line.contains("server")) {
    object["to"].insert(object["to"].begin(),
                        line.value("pool", "") + "/" + line.value("server", ""));
  }
  object["revision"] = line.value("revision", std::uint64_t{0});
  object["began_at"] = line.value("began_at", Json(nullptr));
  object["drain"] = line.value("drain", Json(nullptr));
  object["superseded"] = line.value("superseded", false);
  object["result"] = past_result(line);
  return object;
}

}  // namespace tealgate
