#include "running_daemon.h"

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "control/logging_watcher.h"
#include "control/state_store.h"

namespace tealgate {

namespace {

constexpr int kSignals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};

}  // namespace

void set_requests_blocked(int how) {
  sigset_t requests;
  sigemptyset(&requests);
  sigaddset(&requests, SIGHUP);
  sigaddset(&requests, SIGUSR1);
  sigaddset(&requests, SIGUSR2);
  pthread_sigmask(how, &requests, nullptr);
}

// The sockets go first, so that nobody asks; the workers before what they report to; the signals
// last, since one more SIGTERM must not kill what ends anyway.
RunningDaemon::~RunningDaemon() {
  memory_.reset();
  upgrade_.reset();
  predecessor_.reset();
  dashboard_.reset();
  sockets_.reset();
  listeners_.reset();
  workers_.reset();
  api_.reset();
  control_.reset();
  telemetry_.reset();
  health_.reset();
  access_log_.reset();  // its last lines go to Loki, too
  set_log_tee(nullptr);
  loki_.reset();
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  signals_.clear();
  for (const int number : kSignals) signal(number, SIG_IGN);
}

int RunningDaemon::run() {
  loop_.run();
  return exit_;
}

void RunningDaemon::watch_signals() {
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

void RunningDaemon::on_ready() {
  if (life_ != Life::Starting) return;
  if (!predecessor_) return serve();
  predecessor_->wait_for_turn(loop_, [this] { take_over(); });
}

// Who hears that this daemon serves must find that it decides; who dies before leaves it to the
// other.
void RunningDaemon::take_over() {
  if (life_ != Life::Starting) return;
  if (const auto opened = control_->go_on(); !opened) {
    log_error("{}", opened.error().message);
    exit_ = error_row(opened.error().code).exit;
    return loop_.stop();
  }
  predecessor_->say_serving(cell_, workers_->workers(),
                            [this] { return encode_state(control_->decisions()); });
  control_->record(predecessor_->history_line());
  answer_commands();
  serve();
  for (const HandedDescriptor& left : predecessor_->inheritance().left()) {
    if (left.kind == "control") unlink(left.name.c_str());  // it is at another place now
  }
  predecessor_->forget_inheritance();
  say_listens();
}

void RunningDaemon::say_listens() {
  if (!predecessor_) return;
  std::vector<SocketAddress> addresses = workers_->listening();
  if (dashboard_) addresses.push_back(bound_address(dashboard_->duplicate()));
  predecessor_->say_listens(addresses);
}

void RunningDaemon::answer_commands() {
  sockets_->start(*api_);
  if (dashboard_fd_.is_open()) open_dashboard();
}

void RunningDaemon::open_dashboard() {
  auto current = [this]() -> const DashboardConfig& {
    return control_->config().config.control.dashboard;
  };
  dashboard_ = Dashboard::adopt(loop_, std::move(dashboard_fd_), current, *api_);
}

// A reload that changes nothing of it disturbs nobody.
void RunningDaemon::aim_at_loki() {
  const std::optional<LokiSettings>& wanted = control_->config().config.logs.loki;
  loki_->configure(wanted);
  access_log_->set_tee(wanted ? &loki_->access() : nullptr);
  set_log_tee(wanted ? &loki_->daemon() : nullptr);
}

void RunningDaemon::serve() {
  life_ = Life::Serving;
  aim_at_loki();
  listeners_->commit();
  listeners_.reset();
  const std::vector<SocketAddress> listening = workers_->listening();
  std::string addresses;
  for (const SocketAddress& address : listening) {
    addresses += (addresses.empty() ? "" : ", ") + address.to_string();
  }
  log_info("tealgate {} serves on {} with {} workers", TEALGATE_VERSION, addresses,
           workers_->workers());
  if (dashboard_) log_info("the dashboard is at {}", dashboard_url());
  memory_ = std::make_unique<MemoryWatch>(
      loop_, MemoryGroup(),
      MemoryWatch::Listener{.on_short = [this] { workers_->pause_accept(); },
                            .on_room = [this] { workers_->go_on_accepting(); }});
  systemd_.on_ready();
  if (options_.on_ready) options_.on_ready({listening.front(), dashboard_url()});
}

std::string RunningDaemon::dashboard_url() const {
  return dashboard_ ? fmt::format("http://{}/", dashboard_->address().to_string()) : "";
}

void RunningDaemon::on_terminate() {
  if (life_ == Life::Stopping || told_to_end_) return loop_.stop();
  told_to_end_ = true;
  if (life_ == Life::Retired) {
    upgrade_->stop();
    return let_go();
  }
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

void RunningDaemon::on_part_stopped() {
  if (++parts_stopped_ == 2) loop_.stop();
}

}  // namespace tealgate
