#include "control/systemd_report.h"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "base/loop.h"

namespace tealgate {

namespace {

constexpr std::size_t kLongLine = 200;
// What comes behind the grace: records, and the goodbye to commands.
constexpr Duration kAfterGrace = std::chrono::seconds(10);

template <class Unit>
long long count_of(Duration duration) {
  return std::chrono::duration_cast<Unit>(duration).count();
}

std::string shares(const Split& split) {
  if (!split.has_percentages()) {
    return split.entries.size() == 1 ? split.to_string() + " 100 %" : split.to_string();
  }
  std::string text;
  for (const Split::Entry& entry : split.entries) {
    text += fmt::format("{}{} {} %", text.empty() ? "" : ", ", entry.pool, *entry.percent);
  }
  return text;
}

}  // namespace

std::string serving_line(const Snapshot& snapshot) {
  std::string line;
  std::size_t told = 0;
  for (const Service& service : snapshot.services) {
    if (line.size() > kLongLine) {
      return line + fmt::format("; and {} more", snapshot.services.size() - told);
    }
    line += fmt::format("{}{}: {}", line.empty() ? "" : "; ", service.name, shares(service.split));
    ++told;
  }
  return line;
}

SystemdReport::SystemdReport(Loop& loop, std::optional<Duration> watchdog, Send send)
    : watchdog_(watchdog), send_(std::move(send)), watchdog_timer_(loop, [this] { ping(); }) {}

void SystemdReport::ping() {
  send_("WATCHDOG=1");
  watchdog_timer_.start(*watchdog_);
}

void SystemdReport::on_published(const Snapshot& snapshot) {
  std::string line = serving_line(snapshot);
  if (line == serving_) return;
  serving_ = std::move(line);
  if (life_ == Life::Serving) send_("STATUS=" + serving_);
}

void SystemdReport::on_ready() {
  if (life_ == Life::Stopping) return;
  life_ = Life::Serving;
  // Who takes over from another daemon says itself that it is the main process, in one message.
  send_(fmt::format("READY=1\nMAINPID={}\nSTATUS={}", getpid(), serving_));
  if (watchdog_) watchdog_timer_.start(*watchdog_);
}

void SystemdReport::on_reload_begun() {
  if (life_ != Life::Serving) return;
  // The time is for later versions of systemd, which wait for it.
  send_(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                    count_of<std::chrono::microseconds>(Clock::now().time_since_epoch())));
}

void SystemdReport::on_reload_ended() {
  if (life_ == Life::Serving) send_("READY=1\nSTATUS=" + serving_);
}

void SystemdReport::on_retired(pid_t successor) {
  send_(fmt::format("MAINPID={}", successor));
  life_ = Life::Silent;
  watchdog_timer_.stop();
}

void SystemdReport::on_stopping(Duration grace) {
  life_ = Life::Stopping;
  send_(fmt::format("STOPPING=1\nEXTEND_TIMEOUT_USEC={}\nSTATUS=finishing what is in flight",
                    count_of<std::chrono::microseconds>(grace + kAfterGrace)));
}

}  // namespace tealgate
