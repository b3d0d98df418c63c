// What systemd and a service say to each other, by hand: sd_notify(3), sd_watchdog_enabled(3) and
// sd_listen_fds(3). Where no systemd runs, nothing here does anything.
//
// Main thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"

namespace tealgate {

// Sends assignments, one a line: "READY=1\nSTATUS=…". A systemd that does not read holds it up for
// a second at most; then the message is lost, which the log says.
void notify_systemd(std::string_view assignments);

// How often WATCHDOG=1 is to come: half of what systemd waits for. None: it does not wait.
std::optional<Duration> watchdog_interval();

// The listening sockets that systemd opened for this process. Call it once, before other threads
// run: the variables that name them, and the one that binds the watchdog to this process, leave the
// environment, so that a successor started from here reads them as its own or not at all.
std::vector<UniqueFd> take_systemd_sockets();

}  // namespace tealgate
