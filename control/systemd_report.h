// What systemd is told of the daemon: that it serves and which colours, that it reloads, that it
// ends; and that its control loop turns, as often as the watchdog wants to hear it.
//
// Control loop's thread. The words go out through `send`, which is base/systemd's notify_systemd.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/timer.h"
#include "upstream/snapshot.h"

namespace tealgate {

class Loop;

class SystemdReport {
 public:
  using Send = std::function<void(std::string_view assignments)>;

  // Without `watchdog` nothing is sent at intervals.
  SystemdReport(Loop& loop, std::optional<Duration> watchdog, Send send);

  // Another split may serve from now on.
  void on_published(const Snapshot& snapshot);
  // Clients are accepted by this process, which is the main one from now on. Nothing is said
  // before.
  void on_ready();
  void on_reload_begun();
  void on_reload_ended();
  // `successor` is the main process from now on; this one has nothing to say, but on_ready() again.
  void on_retired(pid_t successor);
  // The end begins, and may take until `grace` is over.
  void on_stopping(Duration grace);

 private:
  enum class Life : std::uint8_t { Silent, Serving, Stopping };

  void ping();

  const std::optional<Duration> watchdog_;
  const Send send_;
  Timer watchdog_timer_;
  Life life_ = Life::Silent;
  std::string serving_;
};

// "shop: blue 100 %; api: blue 90 %, green 10 %; web: blue green", and how many more there are when
// that would be long.
std::string serving_line(const Snapshot& snapshot);

}  // namespace tealgate
