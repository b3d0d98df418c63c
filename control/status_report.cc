#include "control/status_report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/even_clock.h"
#include "control/certificate_report.h"
#include "control/control_loop.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

double in_ms(Duration duration) {
  return std::round(std::chrono::duration<double, std::milli>(duration).count() * 10) / 10;
}

Json check_object(const HealthEvidence& evidence) {
  const CheckResult& last = *evidence.last;
  Json object;
  object["what"] = evidence.what;
  object["ok"] = last.ok;
  object["status"] = last.status;
  object["latency_ms"] = in_ms(last.latency);
  object["error"] = last.error;
  object["body"] = last.body;
  object["at"] = format_wall_time(last.at);
  object["since"] = format_wall_time(evidence.since);
  object["streak"] = evidence.streak;
  return object;
}

Json server_object(const ControlLoop& control, const ServerKey& key, const Server& server) {
  const ServerState::Counts counts = server.state->counts();
  const HealthEvidence* evidence = control.evidence(key);
  Json object;
  object["name"] = server.name;
  object["address"] = server.address_text;
  object["weight"] = server.weight;
  object["admin"] = to_string(server.admin);
  object["health"] = to_string(server.state->health());
  object["in_flight"] = counts.in_flight;
  object["uploading"] = counts.uploading;
  object["responding"] = counts.responding;
  object["blocked"] = counts.blocked;
  object["streams"] = counts.streams;
  object["claims"] = counts.claims;
  object["failures"] = counts.failures;
  object["check"] = evidence && evidence->last ? check_object(*evidence) : Json(nullptr);
  return object;
}

// What was last released to the pool, as the switch to it said.
std::string label_of(const ServiceDecisions& decisions, const std::string& pool) {
  for (auto record = decisions.past.rbegin(); record != decisions.past.rend(); ++record) {
    if (record->split.is_active(pool) && !record->decided.label.empty()) {
      return record->decided.label;
    }
  }
  return {};
}

Json pool_object(const ControlLoop& control, const Service& service, const Pool& pool,
                 unsigned share) {
  const ServiceDecisions* decisions = control.decisions().find(service.name);
  Json servers = Json::array();
  unsigned up = 0;
  for (const Server& server : pool.servers) {
    servers.push_back(server_object(control, {service.name, pool.name, server.name}, server));
    up += server.is_eligible() ? 1 : 0;
  }
  Json object;
  object["name"] = pool.name;
  object["share"] = share;
  object["active"] = service.split.is_active(pool.name);
  object["state"] = to_string(state_of(service, pool));
  object["label"] = decisions ? label_of(*decisions, pool.name) : "";
  object["up"] = up;
  object["of"] = pool.servers.size();
  object["servers"] = std::move(servers);
  return object;
}

Json lock_object(const LockRecord& lock) {
  Json object;
  object["holder"] = lock.holder;
  object["reason"] = lock.reason;
  object["since"] = format_wall_time(lock.since);
  object["expires_at"] =
      lock.expires_at ? Json(format_wall_time(told_by_wall(*lock.expires_at))) : Json(nullptr);
  return object;
}

Json rollback_object(const RollbackPreview& preview) {
  Json object;
  object["to"] = preview.to ? Json(preview.to->words()) : Json(nullptr);
  object["possible"] = preview.possible;
  object["why"] = preview.why;
  return object;
}

std::vector<std::string> pools_where(const Service& service, bool active) {
  std::vector<std::string> names;
  for (const Pool& pool : service.pools) {
    if (service.split.is_active(pool.name) == active) names.push_back(pool.name);
  }
  return names;
}

std::vector<std::string> initial_of(const ControlLoop& control, std::string_view name) {
  const ServiceConfig* config = control.config().config.find_service(name);
  return config ? config->initial.words() : std::vector<std::string>();
}

void add_decisions(Json& object, const ServiceDecisions& decisions) {
  object["since"] = format_wall_time(decisions.decided.at);
  object["by"] = decisions.decided.by;
  object["reason"] = decisions.decided.reason;
  object["label"] = decisions.decided.label;
}

Json describe(const ControlLoop& control, const Service& service) {
  const ServiceDecisions* decisions = control.decisions().find(service.name);
  const std::map<std::string, unsigned> shares = shares_of(service);
  Json object;
  object["name"] = service.name;
  object["state"] = to_string(state_of(service));
  object["revision"] = decisions ? decisions->revision : 0;
  object["split"] = service.split.words();
  object["shares"] = shares;
  object["active"] = pools_where(service, true);
  object["idle"] = pools_where(service, false);
  add_decisions(object, decisions ? *decisions : ServiceDecisions());
  const std::optional<OperationSummary> running = control.running_operation(service.name);
  object["operation"] = running ? operation_object(*running) : Json(nullptr);
  const LockRecord* lock = decisions ? decisions->lock_at(even_now()) : nullptr;
  object["lock"] = lock ? lock_object(*lock) : Json(nullptr);
  object["rollback"] = rollback_object(control.rollback_preview(service.name));
  object["initial"] = initial_of(control, service.name);
  object["pools"] = Json::array();
  for (const Pool& pool : service.pools) {
    object["pools"].push_back(pool_object(control, service, pool, shares.at(pool.name)));
  }
  return object;
}

unsigned weight_of(const Pool& pool, bool ready_only) {
  unsigned weight = 0;
  for (const Server& server : pool.servers) {
    if (!ready_only || server.admin == AdminState::Ready) weight += server.weight;
  }
  return weight;
}

// The weight by which each entry of the split shares.
std::vector<unsigned> weights_of(const Service& service, bool ready_only) {
  std::vector<unsigned> weights;
  for (const Split::Entry& entry : service.split.entries) {
    const Pool* pool = service.find_pool(entry.pool);
    weights.push_back(entry.percent ? *entry.percent : pool ? weight_of(*pool, ready_only) : 0);
  }
  return weights;
}

}  // namespace

std::map<std::string, unsigned> shares_of(const Service& service) {
  std::map<std::string, unsigned> shares;
  for (const Pool& pool : service.pools) shares[pool.name] = 0;
  std::vector<unsigned> weights = weights_of(service, true);
  auto sum = [&weights] {
    std::uint64_t total = 0;
    for (unsigned weight : weights) total += weight;
    return total;
  };
  if (sum() == 0) weights = weights_of(service, false);
  const std::uint64_t total = sum();
  if (total == 0) return shares;
  // Rounding the running sum instead of each share makes them add up.
  std::uint64_t before = 0;
  std::uint64_t given = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    before += weights[i];
    const std::uint64_t upto = (before * 100 + total / 2) / total;
    shares[service.split.entries[i].pool] = static_cast<unsigned>(upto - given);
    given = upto;
  }
  return shares;
}

PoolState state_of(const Service& service, const Pool& pool) {
  const auto eligible = std::count_if(pool.servers.begin(), pool.servers.end(),
                                      [](const Server& server) { return server.is_eligible(); });
  if (static_cast<std::size_t>(eligible) == pool.servers.size()) return PoolState::Ok;
  if (!service.split.is_active(pool.name)) return PoolState::Off;
  return eligible == 0 ? PoolState::Down : PoolState::Degraded;
}

PoolState state_of(const Service& service) {
  PoolState worst = PoolState::Ok;
  for (const Pool& pool : service.pools) {
    if (service.split.is_active(pool.name)) worst = std::max(worst, state_of(service, pool));
  }
  return worst;
}

std::string_view to_string(PoolState state) {
  switch (state) {
    case PoolState::Ok:
      return "ok";
    case PoolState::Degraded:
      return "degraded";
    case PoolState::Down:
      return "down";
    case PoolState::Off:
      break;
  }
  return "off";
}

nlohmann::ordered_json service_object(const ControlLoop& control, std::string_view name) {
  const std::shared_ptr<const Snapshot> snapshot = control.snapshot();
  const Service* service = snapshot ? snapshot->find_service(name) : nullptr;
  return service ? describe(control, *service) : Json(nullptr);
}

nlohmann::ordered_json status_object(const ControlLoop& control, const DaemonFacts& facts) {
  const std::shared_ptr<const Snapshot> snapshot = control.snapshot();
  const LoadedConfig& loaded = control.config();
  const DataPlane::Counts counts = control.counts();
  Json listening = Json::array();
  for (const SocketAddress& address : control.listening()) listening.push_back(address.to_string());
  Json object;
  object["ok"] = true;
  object["version"] = facts.version;
  object["pid"] = facts.pid;
  object["started_at"] = format_wall_time(facts.started_at);
  object["generation"] = snapshot ? snapshot->generation : 0;
  object["config"] = {{"path", loaded.config.path},
                      {"loaded_at", format_wall_time(loaded.loaded_at)},
                      {"warnings", loaded.warnings}};
  object["access_log"] = facts.access_log;
  object["access_log_format"] =
      facts.access_log_format == AccessLogFormat::Json ? "json" : "combined";
  object["workers"] = control.workers();
  object["listening"] = std::move(listening);
  object["in_flight"] = counts.in_flight;
  object["finished"] = counts.finished;
  object["client_connections"] = counts.client_connections;
  object["refused_connections"] = counts.refused_connections;
  object["certificates"] = certificates_array(loaded.config, WallClock::now());
  object["tls_faults"] = tls_faults_array(control.tls_faults());
  object["services"] = Json::object();
  if (!snapshot) return object;
  for (const Service& service : snapshot->services) {
    object["services"][service.name] = describe(control, service);
  }
  return object;
}

}  // namespace tealgate
