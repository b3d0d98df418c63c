// Makes events of what the control plane knows: of lines of the history, and of servers whose
// health changed. Pure; docs/events.md lists what comes out.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/log_writer.h"
#include "control/health_policy.h"
#include "control/loki_pace.h"
#include "upstream/snapshot.h"

namespace tealgate {

// The line's own fields stay, but for `event`, and what is said of it is added.
nlohmann::ordered_json event_of_history(const nlohmann::ordered_json& line);

// Null when it is neither up nor down now: that is a decision's doing, which is an event itself. A
// server of a pool that gets no traffic in `snapshot` is nothing to warn of.
nlohmann::ordered_json event_of_health(const ServerKey& server, const HealthEvidence& now,
                                       const Snapshot& snapshot);

// Pushing log lines has come to that.
nlohmann::ordered_json event_of_loki(LokiPace::News news, std::string_view sentence);

// The access log takes nothing, or lines again.
nlohmann::ordered_json event_of_access_log(LogWriter::News news, std::string_view sentence);

// About the daemon itself: "daemon.started". `level`: info, warning or error.
nlohmann::ordered_json event_of_daemon(std::string_view event, std::string_view level,
                                       std::string_view message);

}  // namespace tealgate
