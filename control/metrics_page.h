// What `GET /metrics` says, in the Prometheus text format. docs/metrics.md lists every metric.
//
// Reads only, all of it the control loop's: a scrape touches no worker. Control loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "control/health_checker.h"
#include "control/loki_pusher.h"
#include "control/status_report.h"

namespace tealgate {

class ControlLoop;
class Telemetry;

struct MetricsSources {
  const ControlLoop& control;
  const Telemetry& telemetry;
  const HealthChecker& health;
  const DaemonFacts& facts;
  struct LogCounts {
    std::uint64_t written = 0;
    std::uint64_t dropped = 0;
  };
  std::function<LogCounts()> access_log;
  std::function<LokiPusher::Counts()> loki;
};

std::string metrics_page(const MetricsSources& sources);

}  // namespace tealgate
