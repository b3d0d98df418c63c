#include "control/cli/what_matters.h"

#include <nlohmann/json.hpp>

#include "control/cli/json_fields.h"

namespace tealgate::cli {

using json = nlohmann::ordered_json;

json what_matters(json status) {
  for (const char* count : {"in_flight", "finished", "client_connections", "refused_connections"})
    status.erase(count);
  if (!status.contains("services")) return status;
  for (json& service : status["services"]) {
    if (!service.contains("pools")) continue;
    for (json& pool : service["pools"]) {
      if (!pool.contains("servers")) continue;
      for (json& server : pool["servers"]) {
        for (const char* count :
             {"in_flight", "uploading", "responding", "blocked", "streams", "claims", "failures"})
          server.erase(count);
        if (!member(server, "check").is_object()) continue;
        for (const char* count : {"latency_ms", "at", "streak"}) server["check"].erase(count);
      }
    }
  }
  return status;
}

}  // namespace tealgate::cli
