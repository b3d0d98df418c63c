// How a daemon comes to be: everything is opened before anything is written.
#include <fmt/core.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "base/log.h"
#include "control/config_error.h"
#include "control/config_file.h"
#include "control/event_wording.h"
#include "control/locations.h"
#include "control/metrics_page.h"
#include "running_daemon.h"

namespace tealgate {

namespace {

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

unsigned worker_count(const Config& config) {
  return config.workers != 0 ? config.workers : std::max(1u, std::thread::hardware_concurrency());
}

Result<std::string> state_folder(const std::string& configured) {
  if (configured.empty()) return default_state_folder();
  return make_folder(configured).map([&] { return configured; });
}

}  // namespace

Started<void> RunningDaemon::start() {
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
  telemetry_->start();
  if (!predecessor_) answer_commands();
  workers_->start();
  watch_signals();
  control_->start([this] { on_ready(); });
  return {};
}

Started<void> RunningDaemon::open_logs(const Config& config) {
  const std::string target = config.logs.access.empty() ? default_access_log() : config.logs.access;
  auto opened = LogWriter::open(
      {.target = target, .on_news = [this](LogWriter::News news, const std::string& sentence) {
         mail_.post([this, news, sentence] {
           telemetry_->events().add(event_of_access_log(news, sentence));
         });
       }});
  if (!opened) return cannot_start(1, opened.error().message);
  access_log_ = std::move(*opened);
  loki_ = std::make_unique<LokiPusher>([this](LokiPace::News news, const std::string& sentence) {
    mail_.post([this, news, sentence] { telemetry_->events().add(event_of_loki(news, sentence)); });
  });
  facts_.access_log = target;
  facts_.access_log_format = config.logs.format;
  return {};
}

// The decisions of a daemon that is replaced are in its folder: another one is another daemon's.
Started<void> RunningDaemon::lock_state(const ControlConfig& where) {
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
Started<void> RunningDaemon::bind_control(const ControlConfig& where) {
  sockets_ = std::make_unique<ControlSockets>(loop_);
  const auto taken =
      sockets_->bind(where.sockets, predecessor_ ? &predecessor_->inheritance() : nullptr);
  if (!taken) return cannot_start(1, taken.error().message);
  dashboard_written_ = where.dashboard.written;
  std::vector<UniqueFd> dashboards;
  if (predecessor_) {
    dashboards = predecessor_->inheritance().take("dashboard", where.dashboard.written);
  }
  if (where.dashboard.written.empty()) return {};
  if (dashboards.empty()) {
    Result<std::vector<UniqueFd>> bound = listen_tcp(where.dashboard.address, 1);
    if (!bound) return cannot_start(1, bound.error().message);
    dashboards = std::move(*bound);
  }
  dashboard_fd_ = std::move(dashboards.front());
  return {};
}

void RunningDaemon::make_control(LoadedConfig config) {
  workers_ = std::make_unique<WorkerSet>(loop_, worker_count(config.config), cell_,
                                         AccessLogTarget{*access_log_, config.config.logs.format});
  data_plane_ = std::make_unique<SharedDataPlane>(*workers_, predecessor_.get());
  if (predecessor_) {
    const auto& secrets = predecessor_->offer().secrets;
    const auto keys = secrets.find(kTicketKeys);
    if (keys != secrets.end()) (void)workers_->ticket_keys().restore(keys->second);
  }
  health_ = std::make_unique<HealthChecker>(loop_);
  telemetry_ = std::make_unique<Telemetry>(loop_, cell_, *workers_, facts_.started_at,
                                           [this] { return status_object(*control_, facts_); });
  health_->set_listener([this](const ServerKey& server, const HealthEvidence& now) {
    telemetry_->events().add(event_of_health(server, now, *cell_.current()));
  });
  control_ = std::make_unique<ControlLoop>(
      ControlLoop::Wiring{
          .loop = loop_,
          .cell = cell_,
          .data_plane = *data_plane_,
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
          .on_reload_ended =
              [this] {
                systemd_.on_reload_ended();
                if (life_ != Life::Serving) return;
                say_listens();
                aim_at_loki();
              },
          .on_recorded =
              [this](const nlohmann::ordered_json& line) { telemetry_->on_recorded(line); }},
      std::move(config));
  make_api();
}

void RunningDaemon::make_api() {
  auto metrics = [this] {
    return metrics_page({*control_, *telemetry_, *health_, facts_,
                         [this] {
                           const LogWriter::Counts counts = access_log_->counts();
                           return MetricsSources::LogCounts{counts.written, counts.dropped};
                         },
                         [this] { return loki_->counts(); }});
  };
  api_ = std::make_unique<Api>(Api::Sources{*control_, *telemetry_, facts_, metrics});
}

// They are bound now, so that a port in use is known before anything is written; clients queue
// until the servers were checked.
Started<void> RunningDaemon::open_listeners(const Config& config) {
  if (predecessor_) workers_->inherit(predecessor_->inheritance());
  workers_->use(systemd_sockets_);
  auto prepared = workers_->prepare_listeners(config.listeners);
  systemd_sockets_.warn_of_unused();
  if (!prepared) return cannot_start(1, prepared.error().message);
  listeners_ = std::move(*prepared);
  return {};
}

void RunningDaemon::make_upgrade() {
  UpgradeHost& host = *this;
  upgrade_ = std::make_unique<Upgrade>(Upgrade::Place{loop_, *control_, *workers_, host, binary_,
                                                      control_->config().config.path, state_folder_,
                                                      TEALGATE_VERSION});
}

}  // namespace tealgate
