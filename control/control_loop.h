// Owner of everything that is decided: carries out commands and makes the snapshots that the
// workers run.
//
// Lives on the main thread with its Loop; nothing of it may be touched from another. It knows
// nothing of sockets and JSON requests (api does) and opens no connection (Prober does). Releases
// are decided by Release; what is here gives it its inputs and does what it says.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/command.h"
#include "control/config.h"
#include "control/decisions.h"
#include "control/drain.h"
#include "control/health_policy.h"
#include "control/plan.h"
#include "control/tls_renewal.h"
#include "upstream/data_plane.h"
#include "upstream/snapshot_cell.h"

namespace tealgate {

class Loop;

struct LoadedConfig {
  Config config;
  std::vector<std::string> warnings;
  WallTime loaded_at;
};

enum class OperationKind : std::uint8_t { Switch, Rollback, Server };
enum class Phase : std::uint8_t {
  Waiting,  // for a lock or for the operation before it
  Gating,
  Deciding,
  Adopting,
  Draining,
  Finished,
  Refused,
};

std::string_view to_string(OperationKind kind);
std::string_view to_string(Phase phase);

// An operation as status shows it.
struct OperationSummary {
  std::string id;
  OperationKind kind = OperationKind::Switch;
  std::string service;
  Phase phase = Phase::Waiting;
  std::string by, reason, label;
  std::vector<std::string> from,
      to;                      // words of splits; for a server: its pool and name, then the state
  std::uint64_t revision = 0;  // 0: not decided
  WallTime began_at;
  std::optional<DrainReport> drain;  // as far as it is
  bool superseded = false;
  std::shared_ptr<const nlohmann::ordered_json> result;  // null while it runs
};

class ControlLoop {
 public:
  struct Wiring {
    Loop& loop;
    SnapshotCell& cell;
    DataPlane& data_plane;
    Prober& prober;
    std::string state_folder;  // exists and is writable; holds state.json and history.jsonl
    // Reads and checks the config file again, in the thread pool; an error has the code
    // ConfigInvalid.
    std::function<Result<LoadedConfig, CommandError>()> load_config;
    // A sentence for the log; may be empty.
    std::function<void(std::string_view)> log;
    // Replaces this daemon by another program; empty where that cannot be.
    std::function<void(const UpgradeCommand&, const Caller&, std::shared_ptr<CommandWatcher>)>
        upgrade = {};
    // Binds what a changed config has of control sockets: the call of what it returns takes them
    // into use. Empty: a reload does not change them.
    std::function<Result<std::function<void()>>(const Config&)> prepare_sockets = {};
    // Whoever is told what the daemon as a whole does; each may be empty.
    std::function<void(const Snapshot&)> on_published = {};
    std::function<void()> on_reload_begun = {};
    std::function<void()> on_reload_ended = {};
    std::function<void(const nlohmann::ordered_json&)> on_recorded = {};  // a line of the history
  };

  // Before the first SnapshotReader exists: it becomes the cell's adoption listener.
  ControlLoop(const Wiring& wiring, LoadedConfig config);
  // After the workers' end.
  ~ControlLoop();
  ControlLoop(const ControlLoop&) = delete;
  ControlLoop& operator=(const ControlLoop&) = delete;

  // Reads state and history, repairs what a crash left, publishes the first snapshot. Blocks. The
  // error's exit code is the daemon's: ConfigInvalid when state and config contradict, Internal
  // when a file can't be used.
  Result<void, CommandError> open();

  // As open(), while another daemon still has the state: only looks, and open() comes later.
  Result<void, CommandError> look();

  // Begins the checks; `on_ready` comes when each active server's first one has ended, or after 1
  // s. Then listeners may open.
  void start(std::function<void()> on_ready);

  // The daemon ends: every unfinished operation answers its watchers (past publish: with what is
  // known), nothing is decided any more. Splits stay. `on_stopped` comes when all of that is
  // recorded and told.
  void stop(std::function<void()> on_stopped = {});

  // Each starts a command; the watcher hears the rest. A command with the id of an earlier
  // operation attaches to it.
  using Watcher = std::shared_ptr<CommandWatcher>;
  void run_switch(const SwitchCommand& command, const Caller& caller, Watcher watcher);
  void run_rollback(const RollbackCommand& command, const Caller& caller, Watcher watcher);
  void set_server_state(const ServerStateCommand& command, const Caller& caller, Watcher watcher);
  void wait(const WaitCommand& command, const Caller& caller, Watcher watcher);
  void lock(const LockCommand& command, const Caller& caller, Watcher watcher);
  void unlock(const UnlockCommand& command, const Caller& caller, Watcher watcher);
  void reload(const Caller& caller, Watcher watcher);
  void upgrade(const UpgradeCommand& command, const Caller& caller, Watcher watcher);

  // For the hand-over from and to another daemon (control/upgrade.h), in this order.
  //
  // What would be cut short by it: "ci is switching shop to green (operation op-1)"; empty:
  // nothing.
  std::string under_way() const;
  // Nothing is decided any more: commands are refused with `why`, and `on_held` comes when all that
  // was decided is on disk. Nothing may be under way.
  void hold(const std::string& why, std::function<void()> on_held);
  // The other daemon decides now: routes as it says, as far as the config here allows. `on_adopted`
  // comes when no attempt can start on what was left out. Returns the generation.
  Result<std::uint64_t> follow(const Decisions& decisions, std::function<void()> on_adopted);
  // The other daemon is gone, or gave the decisions to this one: decides from what is on disk.
  Result<void, CommandError> go_on();
  // As go_on(), when the other one may have reloaded the config: by the file as it is now; if that
  // is invalid, by the config that this daemon has. Blocks. Returns what was wrong with the file.
  Result<std::string, CommandError> go_on_afresh();

  // Adds a line to the history, about the daemon itself.
  void record(nlohmann::ordered_json line);

  // The watcher hears the operation's end, at once if it is over. An unknown id finishes with the
  // code Unknown. Of any service if `service` is empty.
  void attach(std::string_view operation, Watcher watcher, std::string_view service = {});

  // The watcher hears nothing more. An operation that has not decided and has no other watcher is
  // given up; one past decide runs on; a held lock ends.
  void detach(const CommandWatcher& watcher);

  // For status. References are valid until the loop's next turn.
  const LoadedConfig& config() const;
  const Decisions& decisions() const;
  std::shared_ptr<const Snapshot> snapshot() const;
  const HealthEvidence* evidence(const ServerKey& server) const;
  DataPlane::Counts counts() const;
  unsigned workers() const;
  std::vector<SocketAddress> listening() const;
  // Changed files of TLS that were not taken over.
  const std::vector<TlsFault>& tls_faults() const;
  // As operation_object(); from the history if this process does not remember it. Of any service if
  // `service` is empty.
  std::optional<nlohmann::ordered_json> operation(std::string_view id,
                                                  std::string_view service = {}) const;
  // An id may stand for one operation of each.
  std::set<std::string> services_of_operation(std::string_view id) const;
  // The latest operation of the service that is not over.
  std::optional<OperationSummary> running_operation(std::string_view service) const;
  RollbackPreview rollback_preview(std::string_view service) const;

  // The newest lines of the history (objects), newest last; all services if `service` is empty.
  std::vector<nlohmann::ordered_json> history(std::string_view service, std::size_t limit) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// OPERATION and DRAIN of docs/control-api.md.
nlohmann::ordered_json operation_object(const OperationSummary& operation);
nlohmann::ordered_json drain_object(const DrainReport& drain);

}  // namespace tealgate
