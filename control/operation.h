// One switch, rollback or change of a server's state, from the call to the end of its drain: does
// what Release decides.
//
// Holds the turn of its service from compare to announcement, stores, publishes, waits for the
// workers, drains, records and tells its watchers. Owned by Operations, which keeps it for a while
// after its end. Control loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/timer.h"
#include "control/audience.h"
#include "control/control_loop.h"
#include "control/gate_probe.h"
#include "control/plan.h"
#include "control/release.h"
#include "control/server_drains.h"
#include "control/turns.h"

namespace tealgate {

class Journal;
class Operations;
class Publisher;

// What operations work with; all outlive them.
struct Workplace {
  Loop& loop;
  DataPlane& data_plane;
  Prober& prober;
  Journal& journal;
  Publisher& publisher;
  Turns& turns;
  Operations& operations;
  const LoadedConfig& config;
  const std::function<void(std::string_view)>& log;
};

// What an operation is asked to do.
struct OperationOrder {
  std::string id;
  OperationKind kind = OperationKind::Switch;
  std::string service;
  std::string aim;  // what is asked, in words: two orders with one id must have the same
  Caller caller;
  std::string reason;
  std::string label;
  std::string lock;  // the token that the caller shows
  bool ignores_locks = false;
  bool forced = false;
  Release::Order release;
  std::optional<Duration> drain;
  std::function<Plan(const PlanView&)> plan;
};

class Operation final : private TurnTaker {
 public:
  Operation(const Workplace& place, OperationOrder order);
  ~Operation();
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  void begin();

  void add_watcher(Audience::Member member);
  // Gives the operation up if nobody else waits and it has not decided.
  void remove_watcher(const CommandWatcher& watcher);

  // Another operation of the service published `snapshot`: drains of what it brings back end, and a
  // new split supersedes this one's.
  struct Successor {
    OperationKind kind = OperationKind::Switch;
    std::string by;
    std::string id;
  };
  void on_published_by(const Successor& successor, const Snapshot& snapshot);
  void on_config_published(const Snapshot& snapshot);
  void stop();

  const std::string& id() const { return order_.id; }
  const std::string& aim() const { return order_.aim; }
  const std::string& service() const { return order_.service; }
  std::string describe() const override;
  // Its result stands, and nothing of it is under way.
  bool is_over() const { return result_ != nullptr; }
  // It made the split (or state) that `plan` asks for, or will in a moment.
  bool made(const Plan& plan) const;
  OperationSummary summary() const;

 private:
  void on_turn() override;
  bool ends_soon() const override;

  Release::Situation look();
  Plan make_plan(const Decisions& decisions) const;
  void perform(Release::Act act);
  void settle_turn();
  void probe();
  void on_verdict(const GateVerdict& verdict);
  void store();
  Result<Decisions, CommandError> change(const Decisions& decisions);
  std::vector<std::shared_ptr<ServerState>> gate_servers() const;
  void publish();
  void announce();
  void begin_drain(std::vector<ServerDrains::Target> targets);
  void tell_left();
  void finish();
  void finish_unchanged();
  void end_with(const nlohmann::ordered_json& told);

  void tell(std::string_view word, std::string message);
  nlohmann::ordered_json result(Audience::Asked asked) const;
  std::uint64_t current_revision() const;
  Phase phase() const;
  bool is_cut_short() const;
  nlohmann::ordered_json line(std::string_view event) const;
  nlohmann::ordered_json decided_line(const Decisions& next) const;
  nlohmann::ordered_json finished_line() const;

  Workplace place_;
  OperationOrder order_;
  Release release_;
  Plan plan_;
  TimePoint called_;
  WallTime began_at_;
  Audience audience_;
  std::string waits_for_;
  std::string gate_sentence_;
  std::vector<std::shared_ptr<ServerState>> gated_;  // the servers that passed, all of the pools'
  std::uint64_t revision_ = 0;
  std::uint64_t generation_ = 0;
  WallTime switched_at_;
  Duration took_{0};
  std::optional<TimePoint> told_left_at_;
  bool announced_ = false;
  bool stopping_ = false;
  std::vector<ServerDrains::Target> left_out_;
  std::unique_ptr<GateProbe> gate_;
  std::unique_ptr<ServerDrains> drains_;
  std::shared_ptr<const nlohmann::ordered_json> result_;
  Timer deadline_;
};

}  // namespace tealgate
