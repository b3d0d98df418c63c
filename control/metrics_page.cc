#include "control/metrics_page.h"

#include <ctime>
#include <map>
#include <utility>

#include "control/control_loop.h"
#include "control/metrics_text.h"
#include "control/process_facts.h"
#include "control/telemetry.h"
#include "control/tls_renewal.h"
#include "http/failure.h"

namespace tealgate {
namespace {

using enum MetricsText::Type;

class Page {
 public:
  explicit Page(const MetricsSources& sources)
      : from_(sources), figures_(sources.telemetry.figures()), now_(sources.control.snapshot()) {}

  std::string write() {
    requests();
    latencies();
    bytes();
    retries();
    servers();
    checks();
    releases();
    daemon();
    loki();
    workers();
    process();
    return text_.text();
  }

 private:
  // For each pool: service, name, and what is known of it.
  template <class Call>
  void each_pool(Call call) {
    for (const auto& [service, known] : figures_.services()) {
      for (const auto& [name, pool] : known.pools) call(service, name, pool);
    }
  }
  // The same, and what we answered ourselves, under the pool "".
  template <class Call>
  void each_total(Call call) {
    each_pool([&](const std::string& service, const std::string& name, const Figures::Pool& pool) {
      call(service, name, pool.totals);
    });
    for (const auto& [service, known] : figures_.services()) call(service, "", known.own.totals);
    call("", "", figures_.unrouted().totals);
  }
  template <class Call>
  void each_server(Call call) {
    if (!now_) return;
    for (const Service& service : now_->services) {
      for (const Pool& pool : service.pools) {
        for (const Server& server : pool.servers) {
          call(ServerKey{service.name, pool.name, server.name}, server);
        }
      }
    }
  }

  void requests() {
    text_.family("requests_total", Counter,
                 "Exchanges that ended, by the status that the client was sent; 0: none.");
    each_total(
        [this](std::string_view service, std::string_view pool, const TrafficTotals& totals) {
          for (std::size_t status = 0; status < totals.statuses.size(); ++status) {
            if (totals.statuses[status] == 0) continue;
            text_.sample({{"service", service}, {"pool", pool}, {"code", std::to_string(status)}},
                         totals.statuses[status]);
          }
        });
    text_.family("request_errors_total", Counter,
                 "Exchanges that ended badly by a server's or our own fault, or with a 5xx.");
    each_total(
        [this](std::string_view service, std::string_view pool, const TrafficTotals& totals) {
          text_.sample({{"service", service}, {"pool", pool}}, totals.errors);
        });
  }

  void latencies() {
    text_.family("request_duration_seconds", Histogram, "From a request's begin to its end.");
    each_total(
        [this](std::string_view service, std::string_view pool, const TrafficTotals& totals) {
          text_.histogram({{"service", service}, {"pool", pool}}, totals.duration);
        });
    text_.family("upstream_ttfb_seconds", Histogram,
                 "From a request's begin to the server's response head.");
    each_pool(
        [this](const std::string& service, const std::string& name, const Figures::Pool& pool) {
          for (const auto& [server, known] : pool.servers) {
            text_.histogram({{"service", service}, {"pool", name}, {"server", server}},
                            known.totals.ttfb);
          }
        });
  }

  void bytes() {
    text_.family("received_bytes_total", Counter, "From clients, as they came.");
    each_total(
        [this](std::string_view service, std::string_view pool, const TrafficTotals& totals) {
          text_.sample({{"service", service}, {"pool", pool}}, totals.bytes_in);
        });
    text_.family("sent_bytes_total", Counter, "To clients, as they were written.");
    each_total(
        [this](std::string_view service, std::string_view pool, const TrafficTotals& totals) {
          text_.sample({{"service", service}, {"pool", pool}}, totals.bytes_out);
        });
  }

  void retries() {
    text_.family("retries_total", Counter,
                 "Attempts in whose place another was made, by what they came to.");
    each_total(
        [this](std::string_view service, std::string_view pool, const TrafficTotals& totals) {
          for (std::size_t i = 0; i < totals.retries.size(); ++i) {
            if (totals.retries[i] == 0) continue;
            const auto failure = static_cast<Failure>(i);
            text_.sample({{"service", service},
                          {"pool", pool},
                          {"reason", failure == Failure::None ? "status" : facts_of(failure).end}},
                         totals.retries[i]);
          }
        });
  }

  void servers() {
    text_.family("requests_in_flight", Gauge, "Attempts under way.");
    each_server([this](const ServerKey& key, const Server& server) {
      sample(key, server.state->counts().in_flight);
    });
    text_.family("server_up", Gauge, "1: its checks pass.");
    each_server([this](const ServerKey& key, const Server& server) {
      sample(key, server.state->health() == Health::Up ? 1u : 0u);
    });
    text_.family("server_state", Gauge, "1 for the administrative state that it is in.");
    each_server([this](const ServerKey& key, const Server& server) {
      for (const AdminState state : {AdminState::Ready, AdminState::Drain, AdminState::Maint}) {
        text_.sample({{"service", key.service},
                      {"pool", key.pool},
                      {"server", key.server},
                      {"state", to_string(state)}},
                     std::uint64_t{server.admin == state ? 1u : 0u});
      }
    });
    text_.family("server_failures_total", Counter, "Attempts that ended by the server's fault.");
    each_server([this](const ServerKey& key, const Server& server) {
      sample(key, server.state->counts().failures);
    });
  }

  void checks() {
    text_.family("health_checks_total", Counter, "Checks that ended.");
    each_server([this](const ServerKey& key, const Server&) {
      const HealthChecker::Checks checks = from_.health.checks(key);
      for (const auto& [result, count] :
           {std::pair{"pass", checks.passed}, std::pair{"fail", checks.failed}}) {
        text_.sample({{"service", key.service},
                      {"pool", key.pool},
                      {"server", key.server},
                      {"result", result}},
                     count);
      }
    });
  }

  void releases() {
    text_.family("pool_share", Gauge, "Share of new requests, 0 to 1.");
    each_service([this](const Service& service) {
      for (const auto& [pool, share] : shares_of(service)) {
        text_.sample({{"service", service.name}, {"pool", pool}}, share / 100.0);
      }
    });
    text_.family("revision", Gauge, "Of the service's decisions.");
    each_service([this](const Service& service) {
      text_.sample({{"service", service.name}}, service.revision);
    });
    text_.family("switches_total", Counter, "Switches and rollbacks that ended, by result.");
    each_tally([this](const std::string& service, const ReleaseTally::Releases& releases) {
      for (const auto& [what, count] : releases.results) {
        text_.sample({{"service", service}, {"kind", what.first}, {"result", what.second}}, count);
      }
    });
    text_.family("switch_duration_seconds", Histogram, "From the call to the announcement.");
    each_tally([this](const std::string& service, const ReleaseTally::Releases& releases) {
      text_.histogram({{"service", service}}, releases.took);
    });
    text_.family("drain_cut_total", Counter, "What drains' deadlines cut.");
    each_tally([this](const std::string& service, const ReleaseTally::Releases& releases) {
      text_.sample({{"service", service}, {"kind", "http"}}, releases.cut_http);
      text_.sample({{"service", service}, {"kind", "stream"}}, releases.cut_streams);
    });
  }

  void daemon() {
    text_.family("build_info", Gauge, "1, with what runs.");
    text_.sample({{"version", from_.facts.version}}, std::uint64_t{1});
    text_.family("config_last_reload_successful", Gauge, "0: the last reload was refused.");
    text_.sample({}, std::uint64_t{from_.telemetry.tally().is_last_reload_good() ? 1u : 0u});
    certificates();
    const MetricsSources::LogCounts log = from_.access_log();
    text_.family("log_lines_total", Counter, "Lines of the access log that were written.");
    text_.sample({}, log.written);
    text_.family("log_dropped_total", Counter, "Lines of the access log that found no room.");
    text_.sample({}, log.dropped);
    text_.family("event_readers", Gauge, "Who follows /v1/events: pages, top, events --follow.");
    text_.sample({}, static_cast<std::uint64_t>(from_.telemetry.readers()));
  }

  void loki() {
    const LokiPusher::Counts loki = from_.loki();
    if (!loki.is_on) return;
    text_.family("loki_pushed_lines_total", Counter, "Lines that Loki took.");
    text_.sample({}, loki.pushed);
    text_.family("loki_dropped_lines_total", Counter, "Lines that Loki never gets, by reason.");
    text_.sample({{"reason", "queue_full"}}, loki.overflown);
    text_.sample({{"reason", "refused"}}, loki.refused);
    text_.sample({{"reason", "turned_off"}}, loki.abandoned);
    text_.family("loki_push_failures_total", Counter, "Pushes that have to be tried again.");
    text_.sample({}, loki.failures);
    text_.family("loki_queue_bytes", Gauge, "Of lines that wait for Loki.");
    text_.sample({}, std::uint64_t{loki.waiting_bytes});
    text_.family("loki_last_push_timestamp_seconds", Gauge, "When Loki took lines; 0: never.");
    text_.sample({}, std::chrono::duration<double>(loki.last_push.time_since_epoch()).count());
  }

  void certificates() {
    text_.family("certificate_expiry_timestamp_seconds", Gauge,
                 "When the certificate of this file ends, since the epoch.");
    std::map<std::string, std::time_t> ends;
    for (const auto& one : TlsInUse::of(from_.control.config().config).certificates()) {
      ends[one->files().cert] = WallClock::to_time_t(one->valid_until());
    }
    for (const auto& [file, end] : ends) text_.sample({{"file", file}}, static_cast<double>(end));
    text_.family("certificate_faults", Gauge, "Files that cannot be taken over as they are now.");
    text_.sample({}, static_cast<std::uint64_t>(from_.control.tls_faults().size()));
  }

  void workers() {
    const DataPlane::Counts counts = from_.control.counts();
    text_.family("client_connections", Gauge, "Open ones.");
    text_.sample({}, counts.client_connections);
    text_.family("refused_connections_total", Counter, "By limits.connections_per_address.");
    text_.sample({}, counts.refused_connections);
    text_.family("loop_busy_ratio", Gauge, "Share of the last second in which the worker ran.");
    const std::vector<double>& busy = from_.telemetry.busy();
    for (std::size_t i = 0; i < busy.size(); ++i) {
      text_.sample({{"worker", std::to_string(i)}}, busy[i]);
    }
    text_.family("worker_cpu_seconds_total", Counter, "CPU time that the worker's thread used.");
    const std::vector<Duration>& used = from_.telemetry.cpu_times();
    for (std::size_t i = 0; i < used.size(); ++i) {
      text_.sample({{"worker", std::to_string(i)}}, std::chrono::duration<double>(used[i]).count());
    }
  }

  void process() {
    const ProcessFacts facts = process_facts();
    text_.family("process_cpu_seconds_total", Counter, "CPU time used, user and system.");
    text_.sample({}, std::chrono::duration<double>(facts.cpu).count());
    text_.family("process_resident_memory_bytes", Gauge, "Resident memory.");
    text_.sample({}, facts.resident_bytes);
    text_.family("process_virtual_memory_bytes", Gauge, "Virtual memory.");
    text_.sample({}, facts.virtual_bytes);
    text_.family("process_open_fds", Gauge, "Open descriptors.");
    text_.sample({}, facts.open_fds);
    text_.family("process_max_fds", Gauge, "Their limit.");
    text_.sample({}, facts.max_fds);
    text_.family("process_start_time_seconds", Gauge, "Since the epoch.");
    text_.sample({}, facts.started_s);
  }

  template <class Call>
  void each_service(Call call) {
    if (!now_) return;
    for (const Service& service : now_->services) call(service);
  }
  template <class Call>
  void each_tally(Call call) {
    for (const auto& [service, releases] : from_.telemetry.tally().by_service()) {
      if (figures_.services().contains(service)) call(service, releases);
    }
  }
  void sample(const ServerKey& key, std::uint64_t value) {
    text_.sample({{"service", key.service}, {"pool", key.pool}, {"server", key.server}}, value);
  }

  const MetricsSources& from_;
  const Figures& figures_;
  const std::shared_ptr<const Snapshot> now_;
  MetricsText text_;
};

}  // namespace

std::string metrics_page(const MetricsSources& sources) {
  return Page(sources).write();
}

}  // namespace tealgate
