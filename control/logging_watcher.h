// Says in the log how a command went that a signal asked for.
#pragma once

#include <string>

#include "control/command.h"

namespace tealgate {

class LoggingWatcher final : public CommandWatcher {
 public:
  // "the config was reloaded", "reload refused, nothing was changed"
  LoggingWatcher(std::string done, std::string refused)
      : done_(std::move(done)), refused_(std::move(refused)) {}

 private:
  void on_progress(std::string_view, std::string_view, std::string_view) override {}
  void on_locked(const nlohmann::ordered_json&) override {}
  void on_finished(const nlohmann::ordered_json& result) override;

  std::string done_;
  std::string refused_;
};

}  // namespace tealgate
