#include "control/figures_report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

Json in_ms(Duration latency) {
  if (latency == Duration::zero()) return nullptr;
  return std::round(std::chrono::duration<double, std::milli>(latency).count() * 1000) / 1000;
}

Json point_object(const FigurePoint& point) {
  return {{"requests", point.requests},
          {"errors", point.errors},
          {"p50", in_ms(point.p50)},
          {"p95", in_ms(point.p95)},
          {"p99", in_ms(point.p99)}};
}

// A column a figure, oldest first.
Json series_object(const PointRing& points) {
  Json series = {{"requests", Json::array()},
                 {"errors", Json::array()},
                 {"p50", Json::array()},
                 {"p95", Json::array()},
                 {"p99", Json::array()}};
  for (std::size_t back = points.size(); back-- > 0;) {
    const Json point = point_object(points.newest(back));
    for (const auto& [name, value] : point.items()) series[name].push_back(value);
  }
  return series;
}

Json newest_object(const PointRing& points) {
  return point_object(points.size() == 0 ? FigurePoint() : points.newest());
}

const PointRing& ring_of(const Figures::Past& past, FiguresWindow window) {
  return window == FiguresWindow::Minutes ? past.seconds : past.minutes;
}

}  // namespace

Json figures_object(const Figures& figures, FiguresWindow window, WallTime ends_at) {
  Json services = Json::object();
  for (const auto& [name, service] : figures.services()) {
    Json pools = Json::object();
    for (const auto& [pool_name, pool] : service.pools) {
      Json& object = pools[pool_name] = series_object(ring_of(pool.past, window));
      object["servers"] = Json::object();
      if (window == FiguresWindow::Day) continue;
      for (const auto& [server_name, server] : pool.servers) {
        object["servers"][server_name] = series_object(server.seconds);
      }
    }
    services[name] = {{"pools", std::move(pools)},
                      {"own", series_object(ring_of(service.own.past, window))}};
  }
  return {{"step_s", window == FiguresWindow::Minutes ? 1 : 60},
          {"ends_at", WallClock::to_time_t(ends_at)},
          {"services", std::move(services)}};
}

Json newest_figures(const Figures& figures) {
  Json services = Json::object();
  for (const auto& [name, service] : figures.services()) {
    Json pools = Json::object();
    for (const auto& [pool_name, pool] : service.pools) {
      Json& object = pools[pool_name] = newest_object(pool.past.seconds);
      object["servers"] = Json::object();
      for (const auto& [server_name, server] : pool.servers) {
        object["servers"][server_name] = newest_object(server.seconds);
      }
    }
    services[name] = {{"pools", std::move(pools)},
                      {"own", newest_object(service.own.past.seconds)}};
  }
  return {{"services", std::move(services)}};
}

}  // namespace tealgate
