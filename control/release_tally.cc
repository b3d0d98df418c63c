#include "control/release_tally.h"

#include <nlohmann/json.hpp>

namespace tealgate {

void ReleaseTally::count(const nlohmann::ordered_json& line) {
  const std::string event = line.value("event", "");
  if (event == "reloaded" || event == "reload_refused") is_last_reload_good_ = event == "reloaded";
  if (event != "finished" && event != "refused" && event != "interrupted") return;
  const std::string kind = line.value("kind", "");
  Releases& releases = by_service_[line.value("service", "")];
  const std::string result = event == "finished" ? line.value("verdict", "done") : event;
  if (kind != "server") ++releases.results[{kind, result}];
  if (result == "done" && kind != "server") {
    releases.took.record(std::chrono::milliseconds(line.value("took_ms", 0)));
  }
  const auto drain = line.find("drain");
  if (drain == line.end() || !drain->is_object()) return;
  releases.cut_http += drain->at("cut").value("http", 0u);
  releases.cut_streams += drain->at("cut").value("stream", 0u);
}

}  // namespace tealgate
