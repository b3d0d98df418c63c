#include "control/server_drains.h"

#include <algorithm>

#include "base/loop.h"

namespace tealgate {
namespace {

bool is_routed(const Snapshot& snapshot, const ServerKey& key) {
  const Service* service = snapshot.find_service(key.service);
  if (service == nullptr || !service->split.is_active(key.pool)) return false;
  const Pool* pool = service->find_pool(key.pool);
  return pool != nullptr &&
         std::any_of(pool->servers.begin(), pool->servers.end(), [&](const Server& server) {
           return server.name == key.server && server.admin == AdminState::Ready;
         });
}

Drain::InFlight in_flight_at(const ServerDrains::Target& target) {
  const ServerState::Counts counts = target.state->counts();
  return {counts.in_flight, counts.streams};
}

}  // namespace

ServerDrains::ServerDrains(Loop& loop, DataPlane& data_plane, std::vector<Target> targets,
                           Drain::Deadlines deadlines, std::uint64_t left_out_by, Listener listener)
    : loop_(loop),
      data_plane_(data_plane),
      left_out_by_(left_out_by),
      deadline_(deadlines.waiting),
      listener_(std::move(listener)),
      self_(std::make_shared<ServerDrains*>(this)),
      poll_(loop, [this] { look(); }) {
  for (Target& target : targets) {
    const Drain::InFlight in_flight = in_flight_at(target);
    servers_.push_back({std::move(target), Drain(deadlines, in_flight, loop.now())});
    last_left_ += in_flight.all;
  }
  look_soon();
}

ServerDrains::~ServerDrains() {
  *self_ = nullptr;
}

bool ServerDrains::disarm_routed(const Snapshot& snapshot) {
  bool any = false;
  for (One& one : servers_) {
    if (one.drain.is_over() || !is_routed(snapshot, one.target.key)) continue;
    one.drain.disarm(loop_.now());
    any = true;
  }
  if (any) look_soon();
  return any;
}

DrainReport ServerDrains::report() const {
  DrainReport all;
  all.drained = true;
  all.deadline = deadline_;
  for (const One& one : servers_) {
    const DrainReport report = one.drain.report();
    all.drained = all.drained && report.drained;
    all.finished += report.finished;
    all.left += report.left;
    all.left_streams += report.left_streams;
    all.cut_http += report.cut_http;
    all.cut_stream += report.cut_stream;
    all.took = std::max(all.took, report.took);
  }
  return all;
}

bool ServerDrains::is_over() const {
  return std::all_of(servers_.begin(), servers_.end(),
                     [](const One& one) { return one.drain.is_over(); });
}

void ServerDrains::look_soon() {
  loop_.defer([self = self_] {
    if (*self != nullptr) (*self)->look();
  });
}

void ServerDrains::look() {
  const auto self = self_;
  close_streams();
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    One& one = servers_[i];
    if (one.drain.is_over()) continue;
    const auto order = one.drain.on_counts(in_flight_at(one.target), loop_.now());
    if (order) cut(i, *order);
  }
  const std::uint64_t left = report().left;
  if (left != last_left_) {
    last_left_ = left;
    listener_.on_change();
    if (*self == nullptr) return;
  }
  if (!is_over()) return poll_.start(kPollInterval);
  if (std::exchange(told_, true)) return;
  for (One& one : servers_) one.target.state.reset();  // its operation is remembered for long
  const auto tell = listener_.on_over;
  tell();
}

// In one order: they are spread over all servers together.
void ServerDrains::close_streams() {
  CloseOrder order{{}, left_out_by_, {}};
  for (One& one : servers_) {
    const std::optional<Duration> over = one.drain.begin_closing(loop_.now());
    if (!over) continue;
    order.servers.push_back(one.target.state);
    order.over = *over;
  }
  if (!order.servers.empty()) data_plane_.close_streams(order);
}

void ServerDrains::cut(std::size_t index, CutKind kind) {
  const CutOrder order{{servers_[index].target.state}, left_out_by_, kind};
  data_plane_.cut(order, [self = self_, index, kind](unsigned exchanges) {
    if (*self != nullptr) (*self)->servers_[index].drain.on_cut(kind, exchanges);
  });
}

std::vector<ServerDrains::Target> servers_named(const Service& service, const ServerName& name) {
  const Pool* pool = service.find_pool(name.pool);
  if (pool == nullptr) return {};
  for (const Server& server : pool->servers) {
    if (server.name == name.server) {
      return {{{service.name, name.pool, name.server}, server.state}};
    }
  }
  return {};
}

std::vector<ServerDrains::Target> servers_left_out(const Service& before, const Service& after) {
  std::vector<ServerDrains::Target> left_out;
  for (const Pool& pool : before.pools) {
    if (!before.split.is_active(pool.name) || after.split.is_active(pool.name)) continue;
    for (const Server& server : pool.servers) {
      left_out.push_back({{before.name, pool.name, server.name}, server.state});
    }
  }
  return left_out;
}

}  // namespace tealgate
