#include "daemon.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/log_writer.h"
#include "base/loop.h"
#include "base/open_descriptors.h"
#include "base/signals.h"
#include "base/work.h"
#include "control/api.h"
#include "control/config_error.h"
#include "control/config_file.h"
#include "control/control_loop.h"
#include "control/control_socket.h"
#include "control/dashboard.h"
#include "control/health_checker.h"
#include "control/locations.h"
#include "proxy/worker_set.h"
#include "upstream/snapshot_cell.h"

namespace tealgate {

namespace {

constexpr int kSignals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

// Those that would kill a daemon that does not listen to them yet; what comes meanwhile waits.
void set_requests_blocked(int how) {
  sigset_t requests;
  sigemptyset(&requests);
  sigaddset(&requests, SIGHUP);
  sigaddset(&requests, SIGUSR1);
  pthread_sigmask(how, &requests, nullptr);
}

// Why the daemon cannot run, and its exit code.
struct StartFailure {
  int exit;
  std::string sentence;
};

template <class T>
using Started = tl::expected<T, StartFailure>;

tl::unexpected<StartFailure> cannot_start(int exit, std::string sentence) {
  return tl::make_unexpected(StartFailure{exit, std::move(sentence)});
}

// Commands come from other folders than ours.
std::string absolute(const std::string& path) {
  std::error_code failed;
  const std::filesystem::path whole = std::filesystem::absolute(path, failed);
  return failed ? path : whole.string();
}

LoadedConfig loaded(ParsedConfig parsed) {
  LoadedConfig loaded{std::move(parsed.config), {}, WallClock::now()};
  loaded.config.path = absolute(loaded.config.path);
  for (const Diagnostic& warning : parsed.warnings) {
    loaded.warnings.push_back(render_line(warning));
  }
  return loaded;
}

Result<LoadedConfig, CommandError> load_again(const std::string& path) {
  ConfigResult parsed = load_config(path);
  if (!parsed) return tl::make_unexpected(config_error(parsed.error()));
  return loaded(std::move(*parsed));
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

unsigned worker_count(const Config& config) {
  return config.workers != 0 ? config.workers : std::max(1u, std::thread::hardware_concurrency());
}

Result<std::string> state_folder(const std::string& configured) {
  if (configured.empty()) return default_state_folder();
  return make_folder(configured).map([&] { return configured; });
}

// Says in the log how a reload went that a signal asked for.
class LoggingWatcher final : public CommandWatcher {
 private:
  void on_progress(std::string_view, std::string_view, std::string_view) override {}
  void on_locked(const nlohmann::ordered_json&) override {}
  void on_finished(const nlohmann::ordered_json& result) override {
    if (result.value("ok", false)) return log_info("the config was reloaded");
    const auto& error = result["error"];
    log_error("reload refused, nothing was changed: {}", error.value("message", ""));
    const auto details = error.value("details", nlohmann::ordered_json::array());
    for (std::size_t i = 1; i < details.size(); ++i) {  // the message tells the first
      log_error("{}:{}:{}: {}", details[i].value("file", ""), details[i].value("line", 0),
                details[i].value("column", 0), details[i].value("message", ""));
    }
  }
};

class Daemon {
 public:
  explicit Daemon(const DaemonOptions& options) : options_(options) {}
  ~Daemon();

  Started<void> start();
  void run() { loop_.run(); }

 private:
  Started<void> open_logs(const Config& config);
  Started<void> open_control(LoadedConfig config);
  Started<void> open_dashboard(const ControlConfig& where);
  Started<void> open_listeners(const Config& config);
  void on_ready();
  void on_terminate();
  void on_part_stopped();

  const DaemonOptions options_;
  Loop loop_;
  SnapshotCell cell_;
  UniqueFd state_lock_;
  std::unique_ptr<LogWriter> access_log_;
  std::unique_ptr<WorkerSet> workers_;
  std::unique_ptr<HealthChecker> health_;
  std::unique_ptr<ControlLoop> control_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<ControlSocket> socket_;
  std::unique_ptr<Dashboard> dashboard_;
  std::unique_ptr<DataPlane::PreparedListeners> listeners_;
  std::vector<std::unique_ptr<SignalWatch>> signals_;
  bool stopping_ = false;
  int parts_stopped_ = 0;  // control and workers
};

// The sockets go first, so that nobody asks; the workers before what they report to; the signals
// last, since one more SIGTERM must not kill what ends anyway.
Daemon::~Daemon() {
  dashboard_.reset();
  socket_.reset();
  listeners_.reset();
  workers_.reset();
  api_.reset();
  control_.reset();
  health_.reset();
  access_log_.reset();
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  signals_.clear();
  for (const int number : kSignals) signal(number, SIG_IGN);
}

Started<void> Daemon::start() {
  ConfigSurroundings surroundings = ConfigSurroundings::real();
  surroundings.takes_expired = true;
  ConfigResult parsed = load_config(options_.config_path, surroundings);
  if (!parsed) return cannot_start(7, render(parsed.error()));
  LoadedConfig config = loaded(std::move(*parsed));
  for (const std::string& warning : config.warnings) log_warning("{}", warning);
  const Config values = config.config;
  if (auto opened = open_logs(values); !opened) return opened;
  if (auto opened = open_control(std::move(config)); !opened) return opened;
  if (auto opened = open_dashboard(values.control); !opened) return opened;
  if (auto opened = open_listeners(values); !opened) return opened;
  if (auto opened = control_->open(); !opened) {
    return cannot_start(error_row(opened.error().code).exit, opened.error().message);
  }
  workers_->start();
  signals_.push_back(std::make_unique<SignalWatch>(loop_, SIGTERM, [this] { on_terminate(); }));
  signals_.push_back(std::make_unique<SignalWatch>(loop_, SIGINT, [this] { on_terminate(); }));
  signals_.push_back(
      std::make_unique<SignalWatch>(loop_, SIGUSR1, [this] { access_log_->reopen(); }));
  signals_.push_back(std::make_unique<SignalWatch>(loop_, SIGHUP, [this] {
    Caller caller;
    caller.by = "SIGHUP";
    control_->reload(caller, std::make_shared<LoggingWatcher>());
  }));
  set_requests_blocked(SIG_UNBLOCK);
  control_->start([this] { on_ready(); });
  return {};
}

Started<void> Daemon::open_logs(const Config& config) {
  const std::string target = config.logs.access.empty() ? default_access_log() : config.logs.access;
  auto opened = LogWriter::open({.target = target});
  if (!opened) return cannot_start(1, opened.error().message);
  access_log_ = std::move(*opened);
  return {};
}

Started<void> Daemon::open_control(LoadedConfig config) {
  const ControlConfig where = config.config.control;
  const Result<std::string> socket =
      where.socket.empty() ? default_control_socket() : Result<std::string>(where.socket);
  if (!socket) return cannot_start(1, socket.error().message);
  const Result<std::string> state = state_folder(where.state);
  if (!state) return cannot_start(1, state.error().message);
  Result<UniqueFd> lock = lock_state_folder(*state);
  if (!lock) return cannot_start(1, lock.error().message);
  state_lock_ = std::move(*lock);
  workers_ = std::make_unique<WorkerSet>(loop_, worker_count(config.config), cell_, *access_log_);
  health_ = std::make_unique<HealthChecker>(loop_);
  control_ = std::make_unique<ControlLoop>(
      ControlLoop::Wiring{.loop = loop_,
                          .cell = cell_,
                          .data_plane = *workers_,
                          .prober = *health_,
                          .state_folder = *state,
                          .load_config = [path = config.config.path] { return load_again(path); },
                          .log = [](std::string_view sentence) { log_info("{}", sentence); }},
      std::move(config));
  api_ =
      std::make_unique<Api>(*control_, DaemonFacts{TEALGATE_VERSION, getpid(), WallClock::now()});
  // Like every address, before the state is touched: a live daemon may own them. Nobody is answered
  // before the loop runs.
  if (auto opened = ControlSocket::open(loop_, *socket, *api_)) {
    socket_ = std::move(*opened);
  } else {
    return cannot_start(1, opened.error().message);
  }
  return {};
}

Started<void> Daemon::open_dashboard(const ControlConfig& where) {
  if (where.dashboard.empty()) return {};
  auto opened = Dashboard::open(loop_, where.dashboard_address, where.dashboard, *api_);
  if (!opened) return cannot_start(1, opened.error().message);
  dashboard_ = std::move(*opened);
  return {};
}

// They are bound now, so that a port in use is known before anything is written; clients queue
// until the servers were checked.
Started<void> Daemon::open_listeners(const Config& config) {
  auto prepared = workers_->prepare_listeners(config.listeners);
  if (!prepared) return cannot_start(1, prepared.error().message);
  listeners_ = std::move(*prepared);
  return {};
}

void Daemon::on_ready() {
  if (stopping_) return;
  listeners_->commit();
  listeners_.reset();
  const std::vector<SocketAddress> listening = workers_->listening();
  std::string addresses;
  for (const SocketAddress& address : listening) {
    addresses += (addresses.empty() ? "" : ", ") + address.to_string();
  }
  log_info("tealgate {} serves on {} with {} workers", TEALGATE_VERSION, addresses,
           workers_->workers());
  if (options_.on_ready) options_.on_ready(listening.front());
}

void Daemon::on_terminate() {
  if (stopping_) return loop_.stop();
  stopping_ = true;
  if (options_.on_stopping) options_.on_stopping();
  log_info("stopping: {} exchanges in flight", workers_->counts().in_flight);
  const Duration grace = control_->config().config.shutdown_grace;
  control_->stop([this] { on_part_stopped(); });
  workers_->stop(grace, [this] { on_part_stopped(); });
}

void Daemon::on_part_stopped() {
  if (++parts_stopped_ == 2) loop_.stop();
}

}  // namespace

namespace {

int run_to_its_end(const DaemonOptions& options) {
  Daemon daemon(options);
  if (const Started<void> started = daemon.start(); !started) {
    fmt::print(stderr, "{}{}\n",
               started.error().exit == 7 ? "" : "tealgate: ", started.error().sentence);
    return started.error().exit;
  }
  daemon.run();
  log_info("stopped");
  return 0;
}

// For tests: an error for each descriptor that the daemon's end left open.
int demand_descriptors_closed(const std::set<std::string>& before) {
  int exit = 0;
  for (const std::string& open : open_descriptors()) {
    if (before.contains(open) || are_jobs_abandoned()) continue;
    log_error("left open at the end: {}", open);
    exit = 1;
  }
  return exit;
}

}  // namespace

int run_daemon(const DaemonOptions& options) {
  signal(SIGPIPE, SIG_IGN);
  set_requests_blocked(SIG_BLOCK);
  raise_descriptor_limit();
  if (std::getenv("TEALGATE_CHECK_DESCRIPTORS") == nullptr) return run_to_its_end(options);
  { const Loop first; }  // libuv keeps a pipe for the process
  const std::set<std::string> before = open_descriptors();
  const int exit = run_to_its_end(options);
  const int left = demand_descriptors_closed(before);
  return exit != 0 ? exit : left;
}

}  // namespace tealgate
