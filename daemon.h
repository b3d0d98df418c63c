// The daemon: both planes put together, from the config file to the last connection's end. Reads
// like a table of contents.
#pragma once

#include <functional>
#include <string>

#include "base/address.h"

namespace tealgate {

struct DaemonOptions {
  std::string config_path;
  struct Places {
    SocketAddress proxy;    // of the first listener
    std::string dashboard;  // its URL; empty: there is none
  };
  // Called on the daemon's thread when the listeners are open.
  std::function<void(const Places& places)> on_ready;
  // Called when the end begins; the listeners close after it.
  std::function<void()> on_stopping;
};

// Runs until SIGTERM or SIGINT (a second one: at once). Returns the exit code: 0, 1 (port in use, a
// live daemon's socket, no folder to write to) or 7 (invalid config, or config and state that
// contradict). Says why on stderr.
int run_daemon(const DaemonOptions& options);

}  // namespace tealgate
