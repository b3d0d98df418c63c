// `tealgate run` is the daemon, `tealgate demo` the demo; every other word talks to a daemon that
// runs.
#include <unistd.h>

#include <cstdio>

#include "base/standard_descriptors.h"
#include "base/work.h"
#include "control/cli/cli.h"
#include "daemon.h"
#include "demo/demo.h"

using namespace tealgate;

int main(int argc, char** argv) {
  if (!open_missing_descriptors()) return 1;  // and nowhere to say so
  CliHooks hooks;
  hooks.run = [](const RunArguments& arguments) {
    return run_daemon({.config_path = arguments.config, .on_ready = {}, .on_stopping = {}});
  };
  hooks.demo = [](const DemoArguments& arguments) {
    return demo::run_demo(arguments, [](const demo::DemoDaemon& daemon) {
      const auto on_ready = [&](const DaemonOptions::Places& places) {
        daemon.on_ready(places.proxy, places.dashboard);
      };
      return run_daemon({daemon.config_path, on_ready, daemon.on_stopping});
    });
  };
  const int code = run_cli(argc, argv, hooks);
  if (!are_jobs_abandoned()) return code;
  std::fflush(nullptr);
  _exit(code);  // exit() would wait for a job that hangs
}
