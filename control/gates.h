// Says from fresh evidence whether pools are fit for traffic, and why not, server by server. Pure.
//
// A server counts as up when its health is up and its last check, begun after the call, passed.
// Servers in drain or maint don't count and are named; a pool of which none is left is refused.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "control/health_policy.h"
#include "upstream/snapshot.h"

namespace tealgate {

// How many of a pool's servers must be up.
struct GateNeed {
  enum class Kind : std::uint8_t { Percent, Count };
  Kind kind = Kind::Percent;
  unsigned amount = 100;

  unsigned of(std::size_t servers) const;  // at least 1
};

struct GateServer {
  std::string pool;
  std::string name;
  std::string address;
  AdminState admin = AdminState::Ready;
  HealthEvidence evidence;
  unsigned rise = 2;

  bool counts() const { return admin == AdminState::Ready; }
};

struct GatePool {
  std::string name;
  std::vector<GateServer> servers;
};

struct GateInput {
  std::vector<GatePool> pools;
  GateNeed need;
  TimePoint called_at;  // only checks begun at or after it count
  WallTime now;
};

struct GateVerdict {
  bool passed = false;
  bool may_settle =
      false;  // refused now, but a server that passes its checks is still rising: look again soon
  unsigned up = 0;       // over all pools
  unsigned of = 0;       // servers that count
  std::string sentence;  // "2 of 2 up: GET /health", or "green refused: 1 of 2 up; …"
  std::vector<GateServer> servers;
  std::vector<bool> is_up;  // a server each
};

GateVerdict judge(const GateInput& input);

// What the last check found, in one line: "GET /health → 503 "db: connection refused"".
std::string outcome_of(const HealthEvidence& evidence);

// One object a server: {pool, server, address, check, up, status, latency_ms, error, body,
// since_ms}.
nlohmann::ordered_json gate_details(const GateVerdict& verdict, WallTime now);

// What there is to judge: the pools named, as they are in the snapshot, with the prober's evidence.
GateInput gate_input(const Service& service, const std::vector<std::string>& pools,
                     const Prober& prober);

}  // namespace tealgate
