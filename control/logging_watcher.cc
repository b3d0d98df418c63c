#include "control/logging_watcher.h"

#include <nlohmann/json.hpp>

#include "base/log.h"

namespace tealgate {

void LoggingWatcher::on_finished(const nlohmann::ordered_json& result) {
  if (result.value("ok", false)) return log_info("{}", done_);
  const auto& error = result["error"];
  log_error("{}: {}", refused_, error.value("message", ""));
  const auto details = error.value("details", nlohmann::ordered_json::array());
  for (std::size_t i = 1; i < details.size(); ++i) {  // the message tells the first
    if (!details[i].contains("file")) continue;
    log_error("{}:{}:{}: {}", details[i].value("file", ""), details[i].value("line", 0),
              details[i].value("column", 0), details[i].value("message", ""));
  }
}

}  // namespace tealgate
