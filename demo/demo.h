// `tealgate demo`: a blue and a green pool of small app servers, the proxy, and traffic, in one
// process on its own socket.
#pragma once

#include <functional>
#include <string>

#include "base/address.h"
#include "control/cli/cli.h"

namespace tealgate::demo {

// How the demo runs a daemon; main.cc hands it over, since the demo lies below the daemon.
struct DemoDaemon {
  std::string config_path;
  std::function<void(const SocketAddress& proxy, const std::string& dashboard_url)> on_ready;
  std::function<void()> on_stopping;
};
using RunDaemon = std::function<int(const DemoDaemon&)>;  // returns the exit code

// `tealgate demo`, and `tealgate demo break|mend POOL`, which speaks to a demo that runs. Returns
// the exit code.
int run_demo(const DemoArguments& arguments, const RunDaemon& run_daemon);

}  // namespace tealgate::demo
