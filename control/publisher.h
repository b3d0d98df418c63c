// Makes snapshots of config and decisions, publishes them, and knows when every worker runs one.
//
// Keeps the ServerStates: a server keeps its state from snapshot to snapshot as long as service,
// pool, name and address stay. Control loop's thread; adoptions arrive through the mailbox.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/mailbox.h"
#include "control/config.h"
#include "control/decisions.h"
#include "control/health_policy.h"
#include "upstream/snapshot_cell.h"

namespace tealgate {

class Loop;

class Publisher {
 public:
  // Before the cell's first reader exists.
  Publisher(Loop& loop, SnapshotCell& cell, unsigned workers);
  // After the last reader's end.
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // How new servers begin: unknown until their first check; or, after a restart, those of active
  // pools up on probation.
  enum class NewServers : std::uint8_t { Unknown, OnProbation };

  // `decisions` fit `config`. Returns what was published.
  std::shared_ptr<const Snapshot> publish(const Config& config, const Decisions& decisions,
                                          NewServers new_servers = NewServers::Unknown);
  // Hears of each snapshot, after its publication.
  using Listener = std::function<void(const Snapshot&)>;
  void set_listener(Listener listener) { listener_ = std::move(listener); }

  std::shared_ptr<const Snapshot> current() const { return cell_.current(); }

  // Calls `adopted` when every reader runs `generation` or a later one; never from inside this
  // call.
  void when_adopted(std::uint64_t generation, std::function<void()> adopted);

 private:
  struct Known {
    std::string address;
    std::shared_ptr<ServerState> state;
  };
  using PoolKey = std::pair<std::string, std::string>;  // service, pool
  struct Waiter {
    std::uint64_t generation;
    std::function<void()> adopted;
  };

  Service make_service(const ServiceConfig& config, const ServiceDecisions& decisions,
                       NewServers new_servers);
  std::shared_ptr<ServerState> state_of(const ServerKey& key, const std::string& address,
                                        Health initial);
  std::shared_ptr<const PoolTls> tls_of(const PoolKey& key, const PoolConfig& pool);
  void forget_unused(const Snapshot& snapshot);
  void on_adoption();

  Loop& loop_;
  SnapshotCell& cell_;
  unsigned workers_;
  std::map<ServerKey, Known> known_;
  std::map<std::string, std::shared_ptr<TrafficFigures>> own_;  // by service
  const std::shared_ptr<TrafficFigures> unrouted_;
  std::map<PoolKey, std::shared_ptr<const PoolTls>> tls_;
  std::vector<Waiter> waiters_;
  Listener listener_;
  Mailbox mailbox_;
};

}  // namespace tealgate
