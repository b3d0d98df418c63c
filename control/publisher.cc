#include "control/publisher.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "base/loop.h"

namespace tealgate {

Publisher::Publisher(Loop& loop, SnapshotCell& cell, unsigned workers)
    : loop_(loop),
      cell_(cell),
      workers_(workers),
      unrouted_(std::make_shared<TrafficFigures>(workers)),
      mailbox_(loop) {
  cell_.set_adoption_listener([this] { mailbox_.post([this] { on_adoption(); }); });
}

Publisher::~Publisher() {
  cell_.set_adoption_listener({});
}

std::shared_ptr<const Snapshot> Publisher::publish(const Config& config, const Decisions& decisions,
                                                   NewServers new_servers) {
  std::vector<Service> services;
  for (const ServiceConfig& service : config.services) {
    const ServiceDecisions* decided = decisions.find(service.name);
    CHECK(decided != nullptr, "decisions are fitted to the config before they are published");
    services.push_back(make_service(service, *decided, new_servers));
  }
  ServiceSettings unrouted = config.defaults;
  unrouted.cors.reset();  // nobody declared an origin for what is nobody's
  auto snapshot = std::make_shared<const Snapshot>(
      cell_.generation() + 1, std::move(services), config.trusted_proxies,
      BesideServices{config.limits, std::make_shared<const ServiceSettings>(std::move(unrouted)),
                     unrouted_});
  forget_unused(*snapshot);
  cell_.publish(snapshot);
  if (listener_) listener_(*snapshot);
  return snapshot;
}

void Publisher::when_adopted(std::uint64_t generation, std::function<void()> adopted) {
  waiters_.push_back({generation, std::move(adopted)});
  mailbox_.post([this] { on_adoption(); });
}

Service Publisher::make_service(const ServiceConfig& config, const ServiceDecisions& decisions,
                                NewServers new_servers) {
  Service service;
  service.name = config.name;
  service.hosts = config.hosts;
  service.paths = config.paths;
  service.split = decisions.split;
  service.revision = decisions.revision;
  service.settings = std::make_shared<const ServiceSettings>(config.settings);
  std::shared_ptr<TrafficFigures>& own = own_[config.name];
  if (!own) own = std::make_shared<TrafficFigures>(workers_);
  service.own = own;
  for (const PoolConfig& pool : config.pools) {
    Pool& made = service.pools.emplace_back(Pool{pool.name, {}});
    const std::shared_ptr<const PoolTls> tls = tls_of({config.name, pool.name}, pool);
    const bool on_probation =
        new_servers == NewServers::OnProbation && decisions.split.is_active(pool.name);
    const bool is_unchecked = config.settings.health.kind == HealthSettings::Kind::None;
    const Health initial = on_probation || is_unchecked ? Health::Up : Health::Unknown;
    for (const ServerConfig& server : pool.servers) {
      made.servers.push_back({.name = server.name,
                              .address_text = server.address_text,
                              .address = server.address,
                              .weight = server.weight,
                              .admin = decisions.admin_state(pool.name, server.name),
                              .state = state_of({config.name, pool.name, server.name},
                                                server.address.to_string(), initial),
                              .tls = tls});
    }
  }
  return service;
}

// The contexts that the last snapshot had, if they would come out the same.
std::shared_ptr<const PoolTls> Publisher::tls_of(const PoolKey& key, const PoolConfig& pool) {
  if (!pool.tls) {
    tls_.erase(key);
    return nullptr;
  }
  std::shared_ptr<const PoolTls>& known = tls_[key];
  if (!known || !known->settings().is_same_as(*pool.tls)) {
    known = std::make_shared<const PoolTls>(*pool.tls, workers_);
  }
  return known;
}

std::shared_ptr<ServerState> Publisher::state_of(const ServerKey& key, const std::string& address,
                                                 Health initial) {
  Known& known = known_[key];
  if (!known.state || known.address != address) {
    // One cell more: of the daemon that this one replaced (control/remainder.h).
    known = {address, std::make_shared<ServerState>(workers_ + 1)};
    known.state->set_health(initial);
  }
  return known.state;
}

void Publisher::forget_unused(const Snapshot& snapshot) {
  std::set<ServerKey> used;
  std::set<PoolKey> pools;
  for (const Service& service : snapshot.services) {
    for (const Pool& pool : service.pools) {
      pools.emplace(service.name, pool.name);
      for (const Server& server : pool.servers) {
        used.insert({service.name, pool.name, server.name});
      }
    }
  }
  std::erase_if(own_, [&](const auto& entry) { return !snapshot.find_service(entry.first); });
  std::erase_if(tls_, [&](const auto& entry) { return !pools.contains(entry.first); });
  std::erase_if(known_, [&](const auto& entry) {
    if (used.contains(entry.first)) return false;
    // Should it come back before what is in flight there has ended, its drain must see that.
    entry.second.state->set_health(Health::Unknown);
    return entry.second.state->counts().in_flight == 0;
  });
}

void Publisher::on_adoption() {
  const std::uint64_t lowest = cell_.lowest_adopted();
  std::vector<Waiter> adopted;
  const auto first_adopted = std::stable_partition(
      waiters_.begin(), waiters_.end(), [&](const Waiter& w) { return w.generation > lowest; });
  std::move(first_adopted, waiters_.end(), std::back_inserter(adopted));
  waiters_.erase(first_adopted, waiters_.end());
  for (Waiter& waiter : adopted) waiter.adopted();
}

}  // namespace tealgate
