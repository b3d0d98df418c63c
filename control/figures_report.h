// Figures as JSON, as docs/control-api.md has them: whole series for whoever begins to look, and
// the newest second for whoever looks on. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "control/figures.h"

namespace tealgate {

enum class FiguresWindow : std::uint8_t {
  Minutes,
  Day
};  // 15 min by the second, 24 h by the minute

// FIGURES without "ok". `ends_at`: when the last second ended.
nlohmann::ordered_json figures_object(const Figures& figures, FiguresWindow window,
                                      WallTime ends_at);

// The newest second of everything.
nlohmann::ordered_json newest_figures(const Figures& figures);

}  // namespace tealgate
