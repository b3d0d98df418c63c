#include "daemon.h"

#include <fcntl.h>
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
#include "base/systemd.h"
#include "base/systemd_sockets.h"
#include "base/timer.h"
#include "base/work.h"
#include "control/api.h"
#include "control/config_error.h"
#include "control/config_file.h"
#include "control/control_loop.h"
#include "control/control_sockets.h"
#include "control/dashboard.h"
#include "control/drain.h"
#include "control/health_checker.h"
#include "control/locations.h"
#include "control/logging_watcher.h"
#include "control/predecessor.h"
#include "control/systemd_report.h"
#include "control/upgrade.h"
#include "proxy/worker_set.h"
#include "upstream/snapshot_cell.h"

namespace tealgate {

namespace {

constexpr int kSignals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
// An idle client of a daemon that was replaced: long enough that most learn from an answer that
// their connection ends.
constexpr Duration kIdleFarewell = std::chrono::seconds(5);
constexpr const char* kTicketKeys = "tls ticket keys";
constexpr Duration kLookForClients = std::chrono::milliseconds(50);

// Those that would kill a daemon that does not listen to them yet; what comes meanwhile waits.
void set_requests_blocked(int how) {
  sigset_t requests;
  sigemptyset(&requests);
  sigaddset(&requests, SIGHUP);
  sigaddset(&requests, SIGUSR1);
  sigaddset(&requests, SIGUSR2);
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

Duration longest_stream_drain(const Config& config) {
  Duration longest{0};
  for (const ServiceConfig& service : config.services) {
    longest = std::max(longest, service.settings.switching.stream_drain);
  }
  return longest;
}

class Daemon final : private UpgradeHost {
 public:
  explicit Daemon(const DaemonOptions& options) : options_(options) {}
  ~Daemon();

  Started<void> start();
  // Its exit code.
  int run();

 private:
  enum class Life : std::uint8_t { Starting, Serving, Retired, Stopping };

  Started<void> open_logs(const Config& config);
  Started<void> lock_state(const ControlConfig& where);
  Started<void> bind_control(const ControlConfig& where);
  void make_control(LoadedConfig config);
  Started<void> open_listeners(const Config& config);
  void make_upgrade();
  void watch_signals();
  void answer_commands();
  void on_ready();
  void take_over();
  void serve();
  void on_terminate();
  void on_part_stopped();
  void watch_clients();
  void cut_waiting();

  // UpgradeHost
  std::string obstacle() const override;
  std::vector<HandedDescriptor> descriptors() const override;
  std::map<std::string, std::string> secrets() const override {
    return {{kTicketKeys, workers_->ticket_keys().serialised()}};
  }
  void pause_commands() override { sockets_->pause(); }
  void go_on_with_commands() override { sockets_->go_on(); }
  void retire(pid_t successor) override;
  void let_go() override { state_lock_.reset(); }
  void take_back(Inheritance& sockets) override;

  const DaemonOptions options_;
  const std::string binary_ = own_binary();
  std::unique_ptr<Predecessor> predecessor_;  // null: nobody was replaced
  Loop loop_;
  SystemdReport systemd_{loop_, watchdog_interval(), notify_systemd};
  SystemdSockets systemd_sockets_;
  SnapshotCell cell_;
  std::string state_folder_;
  UniqueFd state_lock_;
  UniqueFd dashboard_fd_;  // likewise
  std::unique_ptr<LogWriter> access_log_;
  std::unique_ptr<WorkerSet> workers_;
  std::unique_ptr<HealthChecker> health_;
  std::unique_ptr<ControlLoop> control_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<ControlSockets> sockets_;
  std::unique_ptr<Dashboard> dashboard_;
  std::unique_ptr<DataPlane::PreparedListeners> listeners_;
  std::unique_ptr<Upgrade> upgrade_;
  std::vector<std::unique_ptr<SignalWatch>> signals_;
  Life life_ = Life::Starting;
  bool told_to_end_ = false;
  int parts_stopped_ = 0;  // control and workers
  int exit_ = 0;
  TimePoint farewell_ends_;
  Timer clients_{loop_, [this] { watch_clients(); }};
  Timer waiting_{loop_, [this] { cut_waiting(); }};
};

// The sockets go first, so that nobody asks; the workers before what they report to; the signals
// last, since one more SIGTERM must not kill what ends anyway.
Daemon::~Daemon() {
  upgrade_.reset();
  predecessor_.reset();
  dashboard_.reset();
  sockets_.reset();
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
  auto met = Predecessor::meet();
  if (!met) return cannot_start(1, met.error().message);
  predecessor_ = std::move(*met);
  systemd_sockets_ = predecessor_ ? SystemdSockets::from_predecessor(predecessor_->inheritance())
                                  : SystemdSockets::from_environment();
  ConfigSurroundings surroundings = ConfigSurroundings::real();
  surroundings.takes_expired = true;
  ConfigResult parsed = load_config(options_.config_path, surroundings);
  if (!parsed) return cannot_start(7, render(parsed.error()));
  LoadedConfig config = loaded(std::move(*parsed));
  for (const std::string& warning : config.warnings) log_warning("{}", warning);
  const Config values = config.config;
  if (auto opened = open_logs(values); !opened) return opened;
  if (auto locked = lock_state(values.control); !locked) return locked;
  if (auto bound = bind_control(values.control); !bound) return bound;
  make_control(std::move(config));
  if (auto opened = open_listeners(values); !opened) return opened;
  if (auto opened = predecessor_ ? control_->look() : control_->open(); !opened) {
    return cannot_start(error_row(opened.error().code).exit, opened.error().message);
  }
  make_upgrade();
  if (!predecessor_) answer_commands();
  workers_->start();
  watch_signals();
  control_->start([this] { on_ready(); });
  return {};
}

int Daemon::run() {
  loop_.run();
  return exit_;
}

void Daemon::watch_signals() {
  signals_.push_back(std::make_unique<SignalWatch>(loop_, SIGTERM, [this] { on_terminate(); }));
  signals_.push_back(std::make_unique<SignalWatch>(loop_, SIGINT, [this] { on_terminate(); }));
  signals_.push_back(
      std::make_unique<SignalWatch>(loop_, SIGUSR1, [this] { access_log_->reopen(); }));
  signals_.push_back(std::make_unique<SignalWatch>(loop_, SIGHUP, [this] {
    Caller caller;
    caller.by = "SIGHUP";
    control_->reload(caller, std::make_shared<LoggingWatcher>(
                                 "the config was reloaded", "reload refused, nothing was changed"));
  }));
  signals_.push_back(std::make_unique<SignalWatch>(loop_, SIGUSR2, [this] {
    Caller caller;
    caller.by = "SIGUSR2";
    control_->upgrade({}, caller,
                      std::make_shared<LoggingWatcher>("this daemon was replaced", "no upgrade"));
  }));
  set_requests_blocked(SIG_UNBLOCK);
}

Started<void> Daemon::open_logs(const Config& config) {
  const std::string target = config.logs.access.empty() ? default_access_log() : config.logs.access;
  auto opened = LogWriter::open({.target = target});
  if (!opened) return cannot_start(1, opened.error().message);
  access_log_ = std::move(*opened);
  return {};
}

// The decisions of a daemon that is replaced are in its folder: another one is another daemon's.
Started<void> Daemon::lock_state(const ControlConfig& where) {
  const Result<std::string> state = state_folder(where.state);
  if (!state) return cannot_start(1, state.error().message);
  state_folder_ = *state;
  if (!predecessor_) {
    Result<UniqueFd> lock = lock_state_folder(state_folder_);
    if (!lock) return cannot_start(1, lock.error().message);
    state_lock_ = std::move(*lock);
    return {};
  }
  if (predecessor_->offer().state_folder != state_folder_) {
    return cannot_start(7, fmt::format("control.state: {} is in use, the config says {} now: that "
                                       "takes a restart",
                                       predecessor_->offer().state_folder, state_folder_));
  }
  state_lock_ = std::move(predecessor_->inheritance().take("lock", state_folder_).front());
  return {};
}

// Like every address, before the state is touched: a live daemon may own them.
Started<void> Daemon::bind_control(const ControlConfig& where) {
  sockets_ = std::make_unique<ControlSockets>(loop_);
  const auto taken =
      sockets_->bind(where.sockets, predecessor_ ? &predecessor_->inheritance() : nullptr);
  if (!taken) return cannot_start(1, taken.error().message);
  std::vector<UniqueFd> dashboards;
  if (predecessor_) {
    dashboards = predecessor_->inheritance().take("dashboard", where.dashboard);
  }
  if (where.dashboard.empty()) return {};
  if (dashboards.empty()) {
    Result<std::vector<UniqueFd>> bound = listen_tcp(where.dashboard_address, 1);
    if (!bound) return cannot_start(1, bound.error().message);
    dashboards = std::move(*bound);
  }
  dashboard_fd_ = std::move(dashboards.front());
  return {};
}

void Daemon::make_control(LoadedConfig config) {
  workers_ = std::make_unique<WorkerSet>(loop_, worker_count(config.config), cell_, *access_log_);
  if (predecessor_) {
    const auto& secrets = predecessor_->offer().secrets;
    const auto keys = secrets.find(kTicketKeys);
    if (keys != secrets.end()) (void)workers_->ticket_keys().restore(keys->second);
  }
  health_ = std::make_unique<HealthChecker>(loop_);
  control_ = std::make_unique<ControlLoop>(
      ControlLoop::Wiring{
          .loop = loop_,
          .cell = cell_,
          .data_plane = *workers_,
          .prober = *health_,
          .state_folder = state_folder_,
          .load_config = [path = config.config.path] { return load_again(path); },
          .log = [](std::string_view sentence) { log_info("{}", sentence); },
          .upgrade =
              [this](const UpgradeCommand& command, const Caller& caller,
                     std::shared_ptr<CommandWatcher> watcher) {
                upgrade_->run(command, caller, std::move(watcher));
              },
          .prepare_sockets =
              [this](const Config& wanted) { return sockets_->prepare(wanted.control.sockets); },
          .on_published = [this](const Snapshot& now) { systemd_.on_published(now); },
          .on_reload_begun = [this] { systemd_.on_reload_begun(); },
          .on_reload_ended = [this] { systemd_.on_reload_ended(); }},
      std::move(config));
  api_ =
      std::make_unique<Api>(*control_, DaemonFacts{TEALGATE_VERSION, getpid(), WallClock::now()});
}

void Daemon::make_upgrade() {
  UpgradeHost& host = *this;
  upgrade_ = std::make_unique<Upgrade>(Upgrade::Place{loop_, *control_, host, binary_,
                                                      control_->config().config.path, state_folder_,
                                                      TEALGATE_VERSION});
}

void Daemon::answer_commands() {
  const std::string& written = control_->config().config.control.dashboard;
  sockets_->start(*api_);
  if (!dashboard_fd_.is_open()) return;
  dashboard_ = Dashboard::adopt(loop_, std::move(dashboard_fd_), written, *api_);
}

// They are bound now, so that a port in use is known before anything is written; clients queue
// until the servers were checked.
Started<void> Daemon::open_listeners(const Config& config) {
  if (predecessor_) workers_->inherit(predecessor_->inheritance());
  workers_->use(systemd_sockets_);
  auto prepared = workers_->prepare_listeners(config.listeners);
  systemd_sockets_.warn_of_unused();
  if (!prepared) return cannot_start(1, prepared.error().message);
  listeners_ = std::move(*prepared);
  return {};
}

void Daemon::on_ready() {
  if (life_ != Life::Starting) return;
  if (!predecessor_) return serve();
  predecessor_->wait_for_turn(loop_, [this] { take_over(); });
}

// Who hears that this daemon serves must find that it decides; who dies before leaves it to the
// other.
void Daemon::take_over() {
  if (life_ != Life::Starting) return;
  if (const auto opened = control_->go_on(); !opened) {
    log_error("{}", opened.error().message);
    exit_ = error_row(opened.error().code).exit;
    return loop_.stop();
  }
  predecessor_->say_serving();
  control_->record(predecessor_->history_line());
  answer_commands();
  serve();
  for (const HandedDescriptor& left : predecessor_->inheritance().left()) {
    if (left.kind == "control") unlink(left.name.c_str());  // it is at another place now
  }
  predecessor_->forget_inheritance();
}

void Daemon::serve() {
  life_ = Life::Serving;
  listeners_->commit();
  listeners_.reset();
  const std::vector<SocketAddress> listening = workers_->listening();
  std::string addresses;
  for (const SocketAddress& address : listening) {
    addresses += (addresses.empty() ? "" : ", ") + address.to_string();
  }
  log_info("tealgate {} serves on {} with {} workers", TEALGATE_VERSION, addresses,
           workers_->workers());
  systemd_.on_ready();
  if (options_.on_ready) options_.on_ready(listening.front());
}

void Daemon::on_terminate() {
  if (life_ == Life::Stopping || told_to_end_) return loop_.stop();
  told_to_end_ = true;
  if (life_ == Life::Retired) return;  // it ends by itself
  const bool is_waiting = life_ == Life::Starting && predecessor_;
  life_ = Life::Stopping;
  if (is_waiting) return loop_.stop();  // the other one serves
  if (options_.on_stopping) options_.on_stopping();
  log_info("stopping: {} exchanges in flight", workers_->counts().in_flight);
  const Duration grace = control_->config().config.shutdown_grace;
  upgrade_->stop();
  if (predecessor_) predecessor_->say_ending();
  systemd_.on_stopping(grace);
  control_->stop([this] { on_part_stopped(); });
  workers_->stop(grace, [this] { on_part_stopped(); });
}

void Daemon::on_part_stopped() {
  if (++parts_stopped_ == 2) loop_.stop();
}

std::string Daemon::obstacle() const {
  if (life_ != Life::Serving) return "this daemon does not serve yet";
  if (options_.on_ready) return "this daemon is a part of another program";
  if (!predecessor_ || !predecessor_->is_there()) return "";
  return fmt::format("the daemon before this one (pid {}) still finishes what it had",
                     predecessor_->offer().pid);
}

std::vector<HandedDescriptor> Daemon::descriptors() const {
  std::vector<HandedDescriptor> all = workers_->listening_sockets();
  for (HandedDescriptor& kept : systemd_sockets_.handed()) all.push_back(std::move(kept));
  for (HandedDescriptor& socket : sockets_->duplicates()) all.push_back(std::move(socket));
  if (dashboard_) {
    all.push_back(
        {"dashboard", control_->config().config.control.dashboard, dashboard_->duplicate()});
  }
  all.push_back({"lock", state_folder_, UniqueFd(fcntl(state_lock_.get(), F_DUPFD_CLOEXEC, 0))});
  return all;
}

// As a stop, but for those whose end nobody asked for there is more time.
void Daemon::retire(pid_t successor) {
  life_ = Life::Retired;
  parts_stopped_ = 0;
  const Config& config = control_->config().config;
  log_info("pid {} serves now; this daemon finishes {} exchanges", successor,
           workers_->counts().in_flight);
  systemd_.on_retired(successor);
  sockets_->give_away();
  if (dashboard_) dashboard_->close();
  const Duration all = std::max(config.shutdown_grace, longest_stream_drain(config));
  farewell_ends_ = loop_.now() + all;
  waiting_.start(config.shutdown_grace);
  watch_clients();
  workers_->retire({std::min(kIdleFarewell, config.shutdown_grace), all},
                   [this] { on_part_stopped(); });
}

// Commands that only read or wait go on here, until they are answered.
void Daemon::watch_clients() {
  if (!sockets_->has_clients()) return on_part_stopped();
  if (loop_.now() >= farewell_ends_) control_->stop();
  clients_.start(kLookForClients);
}

void Daemon::cut_waiting() {
  CutOrder order{{}, UINT64_MAX, CutKind::Waiting};
  for (const Service& service : control_->snapshot()->services) {
    for (const Pool& pool : service.pools) {
      for (const Server& server : pool.servers) order.servers.push_back(server.state);
    }
  }
  workers_->cut(order, [](unsigned exchanges) {
    if (exchanges > 0) log_warning("{} exchanges without an answer were cut", exchanges);
  });
  waiting_.start(Drain::kCutAgain);
}

void Daemon::take_back(Inheritance& sockets) {
  life_ = Life::Serving;
  clients_.stop();
  waiting_.stop();
  const Config& config = control_->config().config;
  sockets_->take_back(sockets);
  if (dashboard_) {
    dashboard_fd_ = std::move(sockets.take("dashboard", config.control.dashboard).front());
    dashboard_ = Dashboard::adopt(loop_, std::move(dashboard_fd_), config.control.dashboard, *api_);
  }
  if (auto resumed = workers_->resume(config.listeners, sockets); !resumed) {
    log_error("{}", resumed.error().message);
  }
  systemd_.on_ready();
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
  const int exit = daemon.run();
  log_info("stopped");
  return exit;
}

// For tests: an error for each descriptor that the daemon's end left open.
int demand_descriptors_closed(const std::set<std::string>& before) {
  int exit = 0;
  for (const std::string& open : open_descriptors()) {
    const bool is_stderr = open.starts_with("2: ");  // an upgrade changes it
    if (before.contains(open) || is_stderr || are_jobs_abandoned()) continue;
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
