#include "control/figures.h"

#include <algorithm>

#include "base/check.h"

namespace tealgate {
namespace {

constexpr unsigned kMinute = 60;

// What `figures` counted since `totals`, which are brought up to date.
TrafficTotals take_step(TrafficTotals& totals, const TrafficFigures& figures) {
  TrafficTotals now;
  figures.add_to(now);
  TrafficTotals step = now;
  step -= totals;
  totals = std::move(now);
  return step;
}

template <class Map, class Names>
void forget_others(Map& map, const Names& kept) {
  std::erase_if(map, [&kept](const auto& entry) {
    return std::none_of(kept.begin(), kept.end(),
                        [&entry](const auto& each) { return each.name == entry.first; });
  });
}

}  // namespace

FigurePoint point_of(const TrafficTotals& step) {
  FigurePoint point;
  point.requests = static_cast<std::uint32_t>(step.requests());
  point.errors = static_cast<std::uint32_t>(step.errors);
  point.p50 = step.ttfb.quantile(0.5);
  point.p95 = step.ttfb.quantile(0.95);
  point.p99 = step.ttfb.quantile(0.99);
  return point;
}

void PointRing::add(const FigurePoint& point) {
  if (points_.size() < capacity_) return points_.push_back(point);
  points_[next_] = point;
  next_ = (next_ + 1) % capacity_;
}

const FigurePoint& PointRing::newest(std::size_t back) const {
  CHECK(back < points_.size(), "there is no such point");
  return points_[(next_ + points_.size() - 1 - back) % points_.size()];
}

void Figures::collect(const Snapshot& snapshot, unsigned missed) {
  missed_ = std::min<unsigned>(missed, kSeconds);
  seconds_ += missed + 1;
  minutes_ended_ = seconds_ / kMinute;
  seconds_ %= kMinute;
  forget_others(services_, snapshot.services);
  for (const tealgate::Service& service : snapshot.services) {
    Service& known = services_[service.name];
    collect(known.own, service.own);
    forget_others(known.pools, service.pools);
    for (const tealgate::Pool& pool : service.pools) collect(known.pools[pool.name], pool);
  }
  collect(unrouted_, snapshot.own);
}

void Figures::collect(Pool& pool, const tealgate::Pool& now) {
  TrafficTotals step;
  for (const tealgate::Server& server : now.servers) {
    Server& known = pool.servers[server.name];
    if (known.state != server.state) {  // a new one, or at another address
      if (known.state) pool.leaving.push_back(std::move(known));
      known = Server{server.state, {}, PointRing(kServerSeconds)};
    }
    const TrafficTotals served = take_step(known.totals, server.state->traffic());
    for (unsigned i = 0; i < missed_; ++i) known.seconds.add({});
    known.seconds.add(point_of(served));
    step += served;
  }
  for (auto& known : pool.servers) {
    const bool is_kept = std::any_of(now.servers.begin(), now.servers.end(),
                                     [&](const auto& each) { return each.name == known.first; });
    if (!is_kept) pool.leaving.push_back(std::move(known.second));
  }
  forget_others(pool.servers, now.servers);
  std::erase_if(pool.leaving, [&step](Server& server) {
    const bool is_last_look = server.state.use_count() == 1;
    step += take_step(server.totals, server.state->traffic());
    return is_last_look;
  });
  pool.totals += step;
  add(pool.past, step);
}

void Figures::collect(Own& own, const std::shared_ptr<TrafficFigures>& now) {
  if (own.figures != now) own.totals = TrafficTotals();  // its service was gone for a moment
  own.figures = now;
  add(own.past, now ? take_step(own.totals, *now) : TrafficTotals());
}

void Figures::add(Past& past, const TrafficTotals& step) {
  for (unsigned i = 0; i < missed_; ++i) past.seconds.add({});
  past.seconds.add(point_of(step));
  past.of_minute += step;
  for (unsigned i = 0; i < minutes_ended_; ++i) {
    past.minutes.add(point_of(past.of_minute));
    past.of_minute = TrafficTotals();
  }
}

}  // namespace tealgate
