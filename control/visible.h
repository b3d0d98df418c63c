// What one caller may see of what all callers may ask for: nothing about services that are none of
// his. Reads only; control loop's thread.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "control/access.h"
#include "control/status_report.h"

namespace tealgate {

nlohmann::ordered_json visible_status(const ControlLoop& control, const DaemonFacts& facts,
                                      const Access& access);
// The same of a STATUS or FIGURES that is there already, or of a merge patch of one.
nlohmann::ordered_json visible_part(nlohmann::ordered_json object, const Access& access);
// Events about no service may name any, like lines of the history.
bool is_visible(const nlohmann::ordered_json& event, const Access& access);

// As ControlLoop::history(). Lines about no service, which may name any, are for those who may see
// all.
std::vector<nlohmann::ordered_json> visible_history(const ControlLoop& control,
                                                    const Access& access, std::string_view service,
                                                    std::size_t limit);

// As ControlLoop::services_of_operation().
std::vector<std::string> visible_services_of(const ControlLoop& control, const Access& access,
                                             std::string_view operation);

}  // namespace tealgate
