#include "control/decisions.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace tealgate {
namespace {

void remember(ServiceDecisions& service, const Decided& decided) {
  service.past.push_back({service.revision, service.split, decided});
  while (service.past.size() > Decisions::kPastRevisions) service.past.pop_front();
}

void change(ServiceDecisions& service, const SplitChange& wanted) {
  service.revision += 1;
  if (wanted.undoes.empty()) {
    service.last_switch = LastSwitch{.operation = wanted.decided.operation,
                                     .revision = service.revision,
                                     .from = service.split,
                                     .to = wanted.to,
                                     .undone_by = ""};
  } else if (service.last_switch && service.last_switch->operation == wanted.undoes) {
    service.last_switch->undone = true;
    service.last_switch->undone_by = wanted.decided.by;
  }
  service.split = wanted.to;
  service.decided = wanted.decided;
  remember(service, wanted.decided);
}

void change(ServiceDecisions& service, const ServerChange& wanted) {
  service.revision += 1;
  if (wanted.state == AdminState::Ready) {
    service.servers.erase(wanted.server);
  } else {
    service.servers[wanted.server] = wanted.state;
  }
  remember(service, wanted.decided);
}

void change(ServiceDecisions& service, const LockChange& wanted) {
  service.lock = wanted.lock;
}

ServiceDecisions first_decisions(const ServiceConfig& config, WallTime now) {
  ServiceDecisions service;
  service.revision = 1;
  service.split = config.initial;
  service.decided = {"", "config", "first start", "", now};
  remember(service, service.decided);
  return service;
}

const PoolConfig* find_pool(const ServiceConfig& config, std::string_view name) {
  const auto found = std::find_if(config.pools.begin(), config.pools.end(),
                                  [&](const PoolConfig& p) { return p.name == name; });
  return found == config.pools.end() ? nullptr : &*found;
}

bool has_server(const ServiceConfig& config, const ServerName& name) {
  const PoolConfig* pool = find_pool(config, name.pool);
  return pool != nullptr &&
         std::any_of(pool->servers.begin(), pool->servers.end(),
                     [&](const ServerConfig& s) { return s.name == name.server; });
}

void drop_unknown_servers(const ServiceConfig& config, ServiceDecisions& service,
                          FittedDecisions& fitted) {
  for (auto it = service.servers.begin(); it != service.servers.end();) {
    if (has_server(config, it->first)) {
      ++it;
      continue;
    }
    fitted.warnings.push_back(
        fmt::format("{}/{}/{} is no longer configured: its state {} is forgotten", config.name,
                    it->first.pool, it->first.server, to_string(it->second)));
    fitted.changed = true;
    it = service.servers.erase(it);
  }
}

const Split::Entry* find_missing_pool(const ServiceConfig& config, const Split& split) {
  const auto found = std::find_if(
      split.entries.begin(), split.entries.end(),
      [&](const Split::Entry& entry) { return find_pool(config, entry.pool) == nullptr; });
  return found == split.entries.end() ? nullptr : &*found;
}

// Revisions go on, so that none means two things.
void begin_anew(ServiceDecisions& service, const ServiceConfig& config, WallTime now) {
  const std::uint64_t last = service.revision;
  service = first_decisions(config, now);
  service.revision = service.past.back().revision = last + 1;
  service.is_dormant = true;
}

void set_dormant(ServiceDecisions& service, bool is_dormant, FittedDecisions& fitted) {
  fitted.changed = fitted.changed || service.is_dormant != is_dormant;
  service.is_dormant = is_dormant;
}

}  // namespace

const LockRecord* ServiceDecisions::lock_at(WallTime now) const {
  return lock && !lock->is_expired(now) ? &*lock : nullptr;
}

AdminState ServiceDecisions::admin_state(std::string_view pool, std::string_view server) const {
  const auto found = servers.find({std::string(pool), std::string(server)});
  return found == servers.end() ? AdminState::Ready : found->second;
}

const RevisionRecord* ServiceDecisions::find_past(std::uint64_t wanted) const {
  const auto found = std::find_if(past.begin(), past.end(), [&](const RevisionRecord& record) {
    return record.revision == wanted;
  });
  return found == past.end() ? nullptr : &*found;
}

const ServiceDecisions* Decisions::find(std::string_view service) const {
  const auto found = services.find(service);
  return found == services.end() ? nullptr : &found->second;
}

Result<Decisions> apply(const Decisions& decisions, const Change& wanted) {
  const std::string& name =
      std::visit([](const auto& c) -> const std::string& { return c.service; }, wanted);
  if (decisions.find(name) == nullptr) return error("there is no service {}", name);
  Decisions next = decisions;
  ServiceDecisions& service = next.services.find(name)->second;
  std::visit([&](const auto& c) { change(service, c); }, wanted);
  return next;
}

Result<FittedDecisions> fit_to_config(const Decisions& stored, const Config& config, WallTime now) {
  FittedDecisions fitted;
  for (const auto& [name, service] : stored.services) {
    const ServiceConfig* known = config.find_service(name);
    ServiceDecisions& kept = fitted.decisions.services[name] = service;
    if (known == nullptr) {
      if (!service.is_dormant) {
        fitted.warnings.push_back(fmt::format(
            "service {} is no longer configured: its decisions are kept for its return", name));
      }
      set_dormant(kept, true, fitted);
      continue;
    }
    if (const Split::Entry* missing = find_missing_pool(*known, service.split)) {
      if (!service.is_dormant) {
        return error(
            "service {}: the pool {} serves (revision {}: {}), but the config has no such pool; "
            "put it back, or switch away from it first",
            name, missing->pool, service.revision, service.split.to_string());
      }
      fitted.warnings.push_back(
          fmt::format("service {} is configured again, but without the pool {} that served: it "
                      "begins anew with `initial`",
                      name, missing->pool));
      begin_anew(kept, *known, now);
    }
    set_dormant(kept, false, fitted);
    drop_unknown_servers(*known, kept, fitted);
  }
  for (const ServiceConfig& service : config.services) {
    if (fitted.decisions.find(service.name) != nullptr) continue;
    fitted.decisions.services[service.name] = first_decisions(service, now);
    fitted.changed = true;
  }
  return fitted;
}

}  // namespace tealgate
