#include "control/config_error.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace tealgate {

CommandError config_error(const std::vector<Diagnostic>& diagnostics) {
  auto details = std::make_shared<nlohmann::ordered_json>(nlohmann::ordered_json::array());
  const Diagnostic* first = nullptr;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.is_warning) continue;
    if (!first) first = &diagnostic;
    details->push_back({{"file", diagnostic.file},
                        {"line", diagnostic.line},
                        {"column", diagnostic.column},
                        {"message", diagnostic.message},
                        {"hint", diagnostic.hint},
                        {"text", render({diagnostic})}});
  }
  const std::string more =
      details->size() > 1 ? fmt::format(" (and {} more)", details->size() - 1) : std::string();
  return {ErrorCode::ConfigInvalid, "the config is invalid: " + render_line(*first) + more, details,
          "tealgate check " + first->file};
}

}  // namespace tealgate
