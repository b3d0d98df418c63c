// What a daemon does when it is replaced: the UpgradeHost side.
#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "control/drain.h"
#include "running_daemon.h"

namespace tealgate {

namespace {

// An idle client of a daemon that was replaced: long enough that most learn from an answer that
// their connection ends.
constexpr Duration kIdleFarewell = std::chrono::seconds(5);

constexpr Duration kLookForClients = std::chrono::milliseconds(50);

// Of all services.
Duration longest(const Config& config, Duration SwitchSettings::*time) {
  Duration longest{0};
  for (const ServiceConfig& service : config.services) {
    longest = std::max(longest, service.settings.switching.*time);
  }
  return longest;
}

}  // namespace

std::map<std::string, std::string> RunningDaemon::secrets() const {
  return {{kTicketKeys, workers_->ticket_keys().serialised()}};
}

// A container ends with its first process, whoever else is in it.
std::string RunningDaemon::obstacle() const {
  if (::getpid() == 1) {
    return "process 1 of a container cannot be replaced: start a container of the new image "
           "instead";
  }
  if (life_ != Life::Serving) return "this daemon does not serve yet";
  if (options_.on_ready) return "this daemon is a part of another program";
  if (!predecessor_ || !predecessor_->is_there()) return "";
  return fmt::format("the daemon before this one (pid {}) still finishes what it had",
                     predecessor_->offer().pid);
}

std::vector<HandedDescriptor> RunningDaemon::descriptors() const {
  std::vector<HandedDescriptor> all = workers_->listening_sockets();
  for (HandedDescriptor& kept : systemd_sockets_.handed()) all.push_back(std::move(kept));
  for (HandedDescriptor& socket : sockets_->duplicates()) all.push_back(std::move(socket));
  if (dashboard_) {
    all.push_back({"dashboard", dashboard_written_, dashboard_->duplicate()});
  }
  all.push_back({"lock", state_folder_, UniqueFd(fcntl(state_lock_.get(), F_DUPFD_CLOEXEC, 0))});
  return all;
}

// As a stop, but for those whose end nobody asked for there is more time.
void RunningDaemon::retire(pid_t successor) {
  life_ = Life::Retired;
  parts_stopped_ = 0;
  const Config& config = control_->config().config;
  log_info("pid {} serves now; this daemon finishes {} exchanges", successor,
           workers_->counts().in_flight);
  systemd_.on_retired(successor);
  sockets_->give_away();
  telemetry_->retire();
  if (dashboard_) dashboard_->close();
  const Duration all =
      std::max(config.shutdown_grace, longest(config, &SwitchSettings::stream_drain));
  farewell_ends_ = loop_.now() + all;
  waiting_.start(config.shutdown_grace);
  watch_clients();
  workers_->retire({std::min(kIdleFarewell, config.shutdown_grace), all,
                    longest(config, &SwitchSettings::stream_spread)},
                   [this] { on_part_stopped(); });
}

void RunningDaemon::hurry(const std::string& why) {
  log_warning("what the new daemon decided cannot be followed here, so this one ends now: {}", why);
  farewell_ends_ = loop_.now() + kCloseTime;
  workers_->retire({Duration::zero(), kCloseTime, Duration::zero()}, [this] { on_part_stopped(); });
}

// The successor, or this daemon itself, was told to end.
void RunningDaemon::let_go() {
  state_lock_.reset();
  end_soon();
}

// Retired, and there is no more time than for a stop.
void RunningDaemon::end_soon() {
  const Duration grace = control_->config().config.shutdown_grace;
  log_info("stopping: {} exchanges in flight", workers_->counts().in_flight);
  farewell_ends_ = std::min(farewell_ends_, loop_.now() + grace);
  workers_->stop(grace, [this] { on_part_stopped(); });
}

// Commands that only read or wait go on here, until they are answered.
void RunningDaemon::watch_clients() {
  if (!sockets_->has_clients()) return on_part_stopped();
  if (loop_.now() >= farewell_ends_) control_->stop();
  clients_.start(kLookForClients);
}

void RunningDaemon::cut_waiting() {
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

Result<void> RunningDaemon::take_back(Inheritance& sockets) {
  life_ = Life::Serving;
  clients_.stop();
  waiting_.stop();
  const Config& config = control_->config().config;
  if (auto taken = sockets_->take_back(sockets, config.control.sockets); !taken) return taken;
  std::vector<UniqueFd> dashboards = sockets.take("dashboard", dashboard_written_);
  if (dashboard_ && !dashboards.empty()) {
    dashboard_fd_ = std::move(dashboards.front());
    open_dashboard();
  }
  if (auto resumed = workers_->resume(config.listeners, sockets); !resumed) return resumed;
  systemd_.on_ready();
  return {};
}

void RunningDaemon::give_up(int exit) {
  exit_ = exit;
  loop_.stop();
}

}  // namespace tealgate
