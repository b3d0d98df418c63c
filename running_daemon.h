// All that a daemon is made of, and its life from the first file read to its last connection's end:
//
//   Starting ── servers checked ──► Serving ── told to end ──► Stopping ── all finished ──► ended
//                                   ▲     │
//                  successor died   │     │ successor serves
//                                   Retired ── all finished ──► ended
//
// One that replaces another waits between its checks and Serving until the other one hands over
// (control/predecessor.h). Owned by run_daemon(); main thread.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log_writer.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/memory_watch.h"
#include "base/result.h"
#include "base/signals.h"
#include "base/systemd.h"
#include "base/systemd_sockets.h"
#include "base/timer.h"
#include "control/api.h"
#include "control/control_loop.h"
#include "control/control_sockets.h"
#include "control/dashboard.h"
#include "control/health_checker.h"
#include "control/loki_pusher.h"
#include "control/predecessor.h"
#include "control/program.h"
#include "control/shared_data_plane.h"
#include "control/systemd_report.h"
#include "control/telemetry.h"
#include "control/upgrade.h"
#include "daemon.h"
#include "proxy/worker_set.h"
#include "upstream/snapshot_cell.h"

namespace tealgate {

// Why the daemon cannot run, and its exit code.
struct StartFailure {
  int exit;
  std::string sentence;
};

template <class T>
using Started = tl::expected<T, StartFailure>;

class RunningDaemon final : private UpgradeHost {
 public:
  explicit RunningDaemon(const DaemonOptions& options) : options_(options) {}
  ~RunningDaemon();

  Started<void> start();
  // Its exit code.
  int run();

 private:
  // Among what is handed over (Offer::secrets).
  static constexpr const char* kTicketKeys = "tls ticket keys";
  enum class Life : std::uint8_t { Starting, Serving, Retired, Stopping };

  Started<void> open_logs(const Config& config);
  void aim_at_loki();
  Started<void> lock_state(const ControlConfig& where);
  Started<void> bind_control(const ControlConfig& where);
  void make_control(LoadedConfig config);
  void make_api();
  Started<void> open_listeners(const Config& config);
  void make_upgrade();
  void watch_signals();
  void answer_commands();
  void open_dashboard();
  std::string dashboard_url() const;  // empty: there is none
  void on_ready();
  void take_over();
  void serve();
  void on_terminate();
  void on_part_stopped();
  void watch_clients();
  void cut_waiting();
  void say_listens();
  void end_soon();

  // UpgradeHost
  std::string obstacle() const override;
  std::vector<HandedDescriptor> descriptors() const override;
  std::map<std::string, std::string> secrets() const override;
  void pause_commands() override { sockets_->pause(); }
  void go_on_with_commands() override { sockets_->go_on(); }
  void retire(pid_t successor) override;
  void hurry(const std::string& why) override;
  void let_go() override;
  Result<void> take_back(Inheritance& sockets) override;
  void give_up(int exit) override;

  const DaemonOptions options_;
  const std::string binary_ = own_binary();
  std::unique_ptr<Predecessor> predecessor_;  // null: nobody was replaced
  Loop loop_;
  Mailbox mail_{loop_};
  SystemdReport systemd_{loop_, watchdog_interval(), notify_systemd};
  SystemdSockets systemd_sockets_;
  SnapshotCell cell_;
  std::string state_folder_;
  UniqueFd state_lock_;
  UniqueFd dashboard_fd_;          // until it answers
  std::string dashboard_written_;  // as the config said when it was bound; until the end
  std::unique_ptr<LokiPusher> loki_;
  std::unique_ptr<LogWriter> access_log_;
  std::unique_ptr<WorkerSet> workers_;
  std::unique_ptr<SharedDataPlane> data_plane_;
  std::unique_ptr<HealthChecker> health_;
  DaemonFacts facts_{TEALGATE_VERSION, getpid(), WallClock::now()};
  std::unique_ptr<Telemetry> telemetry_;
  std::unique_ptr<ControlLoop> control_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<ControlSockets> sockets_;
  std::unique_ptr<Dashboard> dashboard_;
  std::unique_ptr<DataPlane::PreparedListeners> listeners_;
  std::unique_ptr<Upgrade> upgrade_;
  std::unique_ptr<MemoryWatch> memory_;
  std::vector<std::unique_ptr<SignalWatch>> signals_;
  Life life_ = Life::Starting;
  bool told_to_end_ = false;
  int parts_stopped_ = 0;  // control and workers
  int exit_ = 0;
  TimePoint farewell_ends_;
  Timer clients_{loop_, [this] { watch_clients(); }};
  Timer waiting_{loop_, [this] { cut_waiting(); }};
};

// SIGHUP and its like would kill a daemon that does not listen to them yet; what comes while they
// are blocked (SIG_BLOCK, SIG_UNBLOCK) waits.
void set_requests_blocked(int how);

}  // namespace tealgate
