// Checks the servers of a snapshot, each at its interval, and makes health of the results.
//
// One checker for the process. It does the I/O and the timing; HealthPolicy says what results mean,
// ServerState carries the health to the workers. Lives and is used on the control loop's thread;
// the workers never see it.
//
//   sync(snapshot) ─► a Subject a server ─► timer ─► HealthProbe ─► HealthPolicy ─► ServerState
//   probe(servers) ─► a HealthProbe each, at once ─────┘
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "control/health_policy.h"

namespace tealgate {

class Loop;

class HealthChecker final : public Prober {
 public:
  explicit HealthChecker(Loop& loop);
  ~HealthChecker();
  HealthChecker(const HealthChecker&) = delete;
  HealthChecker& operator=(const HealthChecker&) = delete;

  // Hears of each server whose health has changed.
  using Listener = std::function<void(const ServerKey&, const HealthEvidence&)>;
  void set_listener(Listener listener) { listener_ = std::move(listener); }

  // Checks that ended, ever, of servers that are still known.
  struct Checks {
    std::uint64_t passed = 0;
    std::uint64_t failed = 0;
  };
  Checks checks(const ServerKey& server) const;

  void sync(std::shared_ptr<const Snapshot> snapshot) override;
  std::unique_ptr<Round> probe(std::vector<ServerKey> servers, OnAll on_all) override;
  const HealthEvidence* evidence(const ServerKey& server) const override;

  // `interval` ±10 %, as `random` (any number) has it: checks of many servers drift apart.
  static Duration jittered(Duration interval, std::uint32_t random);

  // First checks of many new servers are spread over this time.
  static constexpr Duration kStagger = std::chrono::milliseconds(200);

 private:
  class Subject;
  class PendingRound;
  class HeldRound;

  std::unique_ptr<Subject> make_subject(const ServerKey& key);

  Loop& loop_;
  std::minstd_rand random_;
  Listener listener_;
  std::map<ServerKey, std::unique_ptr<Subject>> subjects_;
};

}  // namespace tealgate
