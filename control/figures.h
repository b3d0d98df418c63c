// The traffic of services, pools and servers over time: what the page, `top` and /metrics show.
//
// Once a second collect() adds up what the workers counted. Totals of a pool only grow, also when a
// server leaves it. The past is kept in bounded memory: 15 minutes by the second and 24 hours by
// the minute for each pool, a minute by the second for each server. Whatever leaves the config
// takes its past with it. Control loop's thread; reads no clock.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "upstream/snapshot.h"
#include "upstream/traffic_figures.h"

namespace tealgate {

// One step of a series. Latencies are times to the response head; zero: no head came.
struct FigurePoint {
  std::uint32_t requests = 0;
  std::uint32_t errors = 0;
  Duration p50{}, p95{}, p99{};
};

FigurePoint point_of(const TrafficTotals& step);

// The newest points; holds at most `capacity`.
class PointRing {
 public:
  explicit PointRing(std::size_t capacity) : capacity_(capacity) {}
  void add(const FigurePoint& point);
  // Oldest first; `back` 0 is the newest, which must exist.
  std::size_t size() const { return points_.size(); }
  const FigurePoint& newest(std::size_t back = 0) const;

 private:
  std::size_t capacity_;
  std::size_t next_ = 0;  // where the next one goes, once it is full
  std::vector<FigurePoint> points_;
};

class Figures {
 public:
  static constexpr std::size_t kSeconds = 900;
  static constexpr std::size_t kMinutes = 1440;
  static constexpr std::size_t kServerSeconds = 60;

  struct Past {
    PointRing seconds{kSeconds};
    PointRing minutes{kMinutes};
    TrafficTotals of_minute;
  };
  struct Server {
    std::shared_ptr<ServerState> state;
    TrafficTotals totals;
    PointRing seconds{kServerSeconds};
  };
  struct Pool {
    TrafficTotals totals;
    Past past;
    std::map<std::string, Server> servers;
    std::vector<Server> leaving;  // not in the config any more, and not quite idle yet
  };
  // What we answered without asking a server.
  struct Own {
    std::shared_ptr<TrafficFigures> figures;
    TrafficTotals totals;
    Past past;
  };
  struct Service {
    std::map<std::string, Pool> pools;
    Own own;
  };

  // `missed`: seconds before this one in which nobody called; they get empty points.
  void collect(const Snapshot& snapshot, unsigned missed);

  // By name; those of the snapshot last collected.
  const std::map<std::string, Service>& services() const { return services_; }
  // Of requests that belong to no service.
  const Own& unrouted() const { return unrouted_; }

 private:
  void collect(Pool& pool, const tealgate::Pool& now);
  void collect(Own& own, const std::shared_ptr<TrafficFigures>& now);
  void add(Past& past, const TrafficTotals& step);

  std::map<std::string, Service> services_;
  Own unrouted_;
  unsigned missed_ = 0;
  unsigned seconds_ = 0;        // of the minute that is running
  unsigned minutes_ended_ = 0;  // by this call
};

}  // namespace tealgate
