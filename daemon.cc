#include "daemon.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

#include "base/log.h"
#include "base/open_descriptors.h"
#include "base/work.h"
#include "running_daemon.h"

namespace tealgate {

namespace {

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int run_to_its_end(const DaemonOptions& options) {
  RunningDaemon daemon(options);
  if (const Started<void> started = daemon.start(); !started) {
    fmt::print(stderr, "{}{}\n",
               started.error().exit == 7 ? "" : "tealgate: ", started.error().sentence);
    return started.error().exit;
  }
  const int exit = daemon.run();
  log_info("stopped (pid {})", getpid());
  return exit;
}

// For tests: an error for each descriptor that the daemon's end left open.
int demand_descriptors_closed(const std::set<std::string>& before) {
  int exit = 0;
  for (const std::string& open : open_descriptors()) {
    const bool is_stderr = open.starts_with("2: ");  // an upgrade changes it
    if (before.contains(open) || is_stderr || are_jobs_abandoned()) continue;
    log_error("left open at the end: {}", open);
    exit = 1;
  }
  return exit;
}

}  // namespace

int run_daemon(const DaemonOptions& options) {
  signal(SIGPIPE, SIG_IGN);
  set_requests_blocked(SIG_BLOCK);
  raise_descriptor_limit();
  if (std::getenv("TEALGATE_CHECK_DESCRIPTORS") == nullptr) return run_to_its_end(options);
  { const Loop first; }  // libuv keeps a pipe for the process
  const std::set<std::string> before = open_descriptors();
  const int exit = run_to_its_end(options);
  const int left = demand_descriptors_closed(before);
  return exit != 0 ? exit : left;
}

}  // namespace tealgate
