// What `GET /v1/status` says, made of what the control loop knows. The contract is
// docs/control-api.md.
//
// Reads only; control loop's thread.
#pragma once

#include <sys/types.h>

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "upstream/access_log_format.h"
#include "upstream/service.h"

namespace tealgate {

class ControlLoop;

// What does not change while the process lives.
struct DaemonFacts {
  std::string version;
  pid_t pid = 0;
  WallTime started_at;
  std::string access_log = {};  // "stdout", "off", or an absolute path
  AccessLogFormat access_log_format = AccessLogFormat::Json;
};

nlohmann::ordered_json status_object(const ControlLoop& control, const DaemonFacts& facts);

// SERVICE, or null if there is none of that name.
nlohmann::ordered_json service_object(const ControlLoop& control, std::string_view name);

// Percent of new requests a pool, rounded so that they add up to 100. Without percentages in the
// split the servers of its pools share by weight, those in drain or maint left out.
std::map<std::string, unsigned> shares_of(const Service& service);

enum class PoolState : std::uint8_t { Ok, Degraded, Down, Off };

// How a pool stands: down without an eligible server, degraded if one is missing; off when the pool
// is outside the split and not wholly up.
PoolState state_of(const Service& service, const Pool& pool);
// That of the worst active pool.
PoolState state_of(const Service& service);

std::string_view to_string(PoolState state);

}  // namespace tealgate
