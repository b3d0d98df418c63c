// `tealgate demo`: a blue and a green pool of small app servers, the proxy, and traffic, in one
// process on its own socket.
#pragma once

#include <functional>
#include <string>

#include "base/address.h"
#include "control/cli/cli.h"

namespace tealgate::demo {

// Runs the daemon on a config file and calls the second argument when it is ready; returns its exit
// code. main.cc hands it over, since the demo lies below the daemon.
using RunDaemon = std::function<int(const std::string& config_path,
                                    std::function<void(const SocketAddress& proxy)> on_ready)>;

// `tealgate demo`, and `tealgate demo break|mend POOL`, which speaks to a demo that runs. Returns
// the exit code.
int run_demo(const DemoArguments& arguments, const RunDaemon& run_daemon);

}  // namespace tealgate::demo
