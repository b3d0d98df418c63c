#include "proxy/worker_set.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/listen_socket.h"

namespace tealgate {

namespace {

std::string hsts_line(Duration age) {
  if (age == Duration::zero()) return {};
  return fmt::format("Strict-Transport-Security: max-age={}\r\n",
                     std::chrono::duration_cast<std::chrono::seconds>(age).count());
}

// Whether connections to both begin the same way and are given the same.
bool enter_alike(const ListenerSettings& a, const ListenerSettings& b) {
  if (a.proxy_protocol != b.proxy_protocol || a.https_port != b.https_port || a.hsts != b.hsts) {
    return false;
  }
  return a.tls == b.tls || (a.tls && b.tls && a.tls->is_same_as(*b.tls));
}

}  // namespace

// Sockets that are bound and listen already, but that nobody accepts from before commit().
//
// Two may be under way at once, at the start of the daemon: its own and a reload's. Each knows by
// WorkerSet::bound_ what the other has bound, and what it closed.
class WorkerSet::Prepared final : public PreparedListeners {
 public:
  explicit Prepared(WorkerSet& set) : set_(set), bound_(set.bound_) {}
  ~Prepared() override {
    for (const Added& added : added_) {
      std::erase_if(*bound_, [&](const Bound& bound) {
        return bound.address == added.address && !bound.is_open;
      });
    }
  }

  void add(const ListenerSettings& listener, std::vector<UniqueFd> sockets, Entrances entrances) {
    const SocketAddress address = bound_address(sockets.front());
    bound_->push_back({listener, address});
    added_.push_back({address, std::move(sockets), std::move(entrances)});
  }
  void change(const Bound& bound, const ListenerSettings& listener, Entrances entrances) {
    changed_.push_back({{listener, bound.address}, std::move(entrances)});
  }
  void set_removed(std::vector<Bound> removed) { removed_ = std::move(removed); }

  void commit() override {
    for (const Changed& changed : std::exchange(changed_, {})) {
      set_.change(changed.bound, changed.entrances);
    }
    for (Added& added : std::exchange(added_, {})) open(std::move(added));
    for (const Bound& removed : std::exchange(removed_, {})) close(removed.address);
  }

 private:
  struct Added {
    SocketAddress address;
    std::vector<UniqueFd> sockets;  // one a worker at least
    Entrances entrances;
  };
  struct Changed {
    Bound bound;
    Entrances entrances;
  };

  void open(Added added) {
    const auto bound = std::find_if(bound_->begin(), bound_->end(),
                                    [&](const Bound& one) { return one.address == added.address; });
    if (bound == bound_->end()) return;  // a reload was quicker, or the end
    bound->is_open = true;
    for (std::size_t i = 0; i < added.sockets.size(); ++i) {
      const std::size_t index = i % set_.workers_.size();
      Worker& worker = *set_.workers_[index];
      bound->sockets.push_back(added.sockets[i].get());
      // std::function wants a copyable task: the descriptor travels as a number.
      worker.post([&worker, fd = added.sockets[i].release(), entrance = added.entrances[index]] {
        worker.add_listener(UniqueFd(fd), entrance);
      });
    }
  }

  void close(const SocketAddress& address) {
    std::erase_if(*bound_, [&](const Bound& bound) { return bound.address == address; });
    for (const auto& worker : set_.workers_) {
      worker->post([&worker = *worker, address] { worker.close_listener(address); });
    }
  }

  WorkerSet& set_;
  std::vector<Changed> changed_;
  const std::shared_ptr<Bounds> bound_;  // outlives the set, as this may
  std::vector<Added> added_;
  std::vector<Bound> removed_;
};

// A context of its own for each worker.
Result<WorkerSet::Entrances> WorkerSet::entrances(const ListenerSettings& listener) const {
  Entrances made;
  for (unsigned i = 0; i < count_; ++i) {
    Entrance entrance{.proxy_protocol = listener.proxy_protocol,
                      .tls = nullptr,
                      .https_port = listener.https_port,
                      .hsts_line = hsts_line(listener.hsts)};
    if (listener.tls) {
      auto context = TlsServerContext::make(*listener.tls, ticket_keys_);
      if (!context) return error("listen {}: {}", listener.text, context.error().message);
      entrance.tls = std::move(*context);
    }
    made.push_back(std::make_shared<const Entrance>(std::move(entrance)));
  }
  return made;
}

void WorkerSet::change(const Bound& changed, const Entrances& entrances) {
  for (Bound& bound : *bound_) {
    if (bound.address == changed.address) bound.settings = changed.settings;
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = *workers_[i];
    worker.post([&worker, address = changed.address, entrance = entrances[i]] {
      worker.set_entrance(address, entrance);
    });
  }
}

WorkerSet::WorkerSet(Loop& control_loop, unsigned workers, SnapshotCell& cell,
                     const AccessLogTarget& access_log)
    : count_(workers),
      cell_(cell),
      access_log_(access_log),
      stop_deadline_(control_loop, [this] { finish_stop(); }),
      stream_deadline_(control_loop, [this] { close_all_streams(Duration::zero()); }),
      mailbox_(control_loop) {}

WorkerSet::~WorkerSet() {
  for (const auto& worker : workers_) worker->join();
}

void WorkerSet::start() {
  for (unsigned i = 0; i < count_; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, cell_, access_log_, clients_));
    workers_.back()->start();
  }
}

void WorkerSet::cut(const CutOrder& order, std::function<void(unsigned)> on_done) {
  struct Pending {
    std::size_t workers;
    unsigned count = 0;
    std::function<void(unsigned)> on_done;
  };
  // Only the control thread reads or writes it.
  const auto pending = std::make_shared<Pending>(Pending{workers_.size(), 0, std::move(on_done)});
  for (const auto& worker : workers_) {
    worker->post([this, &worker = *worker, order, pending] {
      const unsigned count = worker.cut(order);
      mailbox_.post([count, pending] {
        pending->count += count;
        if (--pending->workers == 0) pending->on_done(pending->count);
      });
    });
  }
}

// So that the workers' turns do not fall on the same moments.
double WorkerSet::phase_of(const Worker& worker) const {
  return static_cast<double>(worker.index()) / static_cast<double>(count_);
}

void WorkerSet::close_streams(const CloseOrder& order) {
  for (const auto& worker : workers_) {
    worker->post([&worker = *worker, order, phase = phase_of(*worker)] {
      worker.close_streams(order, phase);
    });
  }
}

// By an address that takes in this one, or the other way round.
bool WorkerSet::listens_on_port_of(const SocketAddress& address) const {
  const auto is_any = [](const SocketAddress& one) {
    return one.host() == "0.0.0.0" || one.host() == "::";
  };
  return std::any_of(bound_->begin(), bound_->end(), [&](const Bound& bound) {
    return bound.address.family() == address.family() && bound.address.port() == address.port() &&
           (is_any(bound.address) || is_any(address));
  });
}

Result<std::unique_ptr<DataPlane::PreparedListeners>> WorkerSet::prepare_listeners(
    const std::vector<ListenerSettings>& listeners) {
  auto prepared = std::make_unique<Prepared>(*this);
  Bounds removed = *bound_;
  for (const ListenerSettings& listener : listeners) {
    const bool is_port_known = listener.address.port() != 0;
    // By its address, however that is spelt; by its text where the kernel chose the port.
    const auto is_it = [&](const Bound& bound) {
      return is_port_known ? bound.address == listener.address
                           : bound.settings.text == listener.text;
    };
    const auto known = std::find_if(removed.begin(), removed.end(), is_it);
    if (known != removed.end()) {
      if (!enter_alike(known->settings, listener)) {
        Result<Entrances> changed = entrances(listener);
        if (!changed) return tl::make_unexpected(changed.error());
        prepared->change(*known, listener, std::move(*changed));
      }
      removed.erase(known);
      continue;
    }
    if (is_port_known && std::any_of(bound_->begin(), bound_->end(), is_it)) continue;
    Result<std::vector<UniqueFd>> sockets = sockets_for(listener);
    if (!sockets) return error("cannot listen on {}", sockets.error().message);
    Result<Entrances> made = entrances(listener);
    if (!made) return tl::make_unexpected(made.error());
    prepared->add(listener, std::move(*sockets), std::move(*made));
  }
  prepared->set_removed(std::move(removed));
  return prepared;
}

// One a worker, or more. Of those inherited none may close while it has a queue. Those of systemd
// come from there, for what the daemon before this one had of them is the same.
Result<std::vector<UniqueFd>> WorkerSet::sockets_for(const ListenerSettings& listener) {
  std::vector<UniqueFd> sockets;
  if (inheritance_) sockets = inheritance_->take_listeners(listener.address, listener.text);
  if (systemd_) {
    std::vector<UniqueFd> kept = systemd_->take(listener.address);
    if (!kept.empty()) sockets = std::move(kept);
  }
  if (!sockets.empty()) return spread(std::move(sockets), count_);
  const bool is_ours = listens_on_port_of(listener.address);
  return listen_tcp(listener.address, count_, is_ours ? PortOwner::This : PortOwner::Nobody);
}

std::vector<HandedDescriptor> WorkerSet::listening_sockets() const {
  std::vector<HandedDescriptor> sockets;
  for (const Bound& bound : *bound_) {
    for (const int fd : bound.sockets) {
      sockets.push_back({"listen", bound.settings.text, UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0))});
    }
  }
  return sockets;
}

std::vector<SocketAddress> WorkerSet::listening() const {
  std::vector<SocketAddress> addresses;
  for (const Bound& bound : *bound_) {
    if (bound.is_open) addresses.push_back(bound.address);
  }
  return addresses;
}

void WorkerSet::stop(Duration grace, std::function<void()> on_done) {
  retire({Worker::kIdleGrace, grace, Duration::zero()}, std::move(on_done));
  // Nobody takes their clients before a successor listens.
  stream_deadline_.stop();
  close_all_streams(Duration::zero());
}

void WorkerSet::retire(const Farewell& farewell, std::function<void()> on_done) {
  on_stopped_ = std::move(on_done);
  still_draining_ = workers_.size();
  ++farewells_;
  stop_deadline_.start(farewell.all);
  const Duration closing = std::max(farewell.all - kCloseTime, Duration::zero());
  stream_deadline_.start(closing);
  bound_->clear();
  for (const auto& worker : workers_) {
    worker->post([this, &worker = *worker, idle = farewell.idle, number = farewells_] {
      worker.drain(idle, [this, number] {
        mailbox_.post([this, number] {
          if (number == farewells_ && --still_draining_ == 0) finish_stop();
        });
      });
    });
  }
  if (farewell.streams > Duration::zero()) close_all_streams(std::min(farewell.streams, closing));
}

Result<void> WorkerSet::resume(const std::vector<ListenerSettings>& listeners,
                               Inheritance& sockets) {
  ++farewells_;
  stop_deadline_.stop();
  stream_deadline_.stop();
  on_stopped_ = nullptr;
  for (const auto& worker : workers_) worker->post([&worker = *worker] { worker.stay(); });
  inherit(sockets);
  auto prepared = prepare_listeners(listeners);
  inheritance_ = nullptr;
  if (!prepared) return tl::make_unexpected(prepared.error());
  (*prepared)->commit();
  return {};
}

void WorkerSet::close_all_streams(Duration over) {
  for (const auto& worker : workers_) {
    worker->post([&worker = *worker, over, phase = phase_of(*worker)] {
      worker.close_all_streams(over, phase);
    });
  }
}

// Also when the grace has passed: the destructor cuts what is left.
void WorkerSet::finish_stop() {
  stop_deadline_.stop();
  stream_deadline_.stop();
  if (on_stopped_) std::exchange(on_stopped_, nullptr)();
}

DataPlane::Counts WorkerSet::counts() const {
  Counts sum;
  for (const auto& worker : workers_) {
    sum.in_flight += worker->counters().in_flight.load(std::memory_order_relaxed);
    sum.finished += worker->counters().finished.load(std::memory_order_relaxed);
    sum.client_connections += worker->counters().client_connections.load(std::memory_order_relaxed);
    sum.refused_connections +=
        worker->counters().refused_connections.load(std::memory_order_relaxed);
  }
  return sum;
}

std::vector<Duration> WorkerSet::cpu_times() const {
  std::vector<Duration> times;
  for (const auto& worker : workers_) times.push_back(worker->cpu_time());
  return times;
}

}  // namespace tealgate
