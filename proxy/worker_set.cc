#include "proxy/worker_set.h"

#include <algorithm>
#include <utility>

#include "base/listen_socket.h"

namespace tealgate {

// Sockets that are bound and listen already, but that nobody accepts from before commit().
class WorkerSet::Prepared final : public PreparedListeners {
 public:
  struct Added {
    Bound bound;
    std::vector<UniqueFd> sockets;  // one a worker
  };

  // What a reload makes of what is bound.
  struct Changes {
    std::vector<Added> added;
    std::vector<Bound> changed;  // in what its connections begin with
    std::vector<Bound> removed;
  };

  Prepared(WorkerSet& set, Changes changes) : set_(set), changes_(std::move(changes)) {}

  void commit() override {
    for (const Bound& changed : changes_.changed) set_.change(changed);
    for (Added& added : changes_.added) {
      set_.bound_.push_back(added.bound);
      for (std::size_t i = 0; i < added.sockets.size(); ++i) {
        Worker& worker = *set_.workers_[i];
        // std::function wants a copyable task: the descriptor travels as a number.
        worker.post([&worker, fd = added.sockets[i].release(), begin = begin_of(added.bound)] {
          worker.add_listener(UniqueFd(fd), begin);
        });
      }
    }
    for (const Bound& removed : changes_.removed) {
      std::erase_if(set_.bound_, [&](const Bound& bound) { return bound.text == removed.text; });
      for (const auto& worker : set_.workers_) {
        worker->post(
            [&worker = *worker, address = removed.address] { worker.close_listener(address); });
      }
    }
  }

 private:
  WorkerSet& set_;
  Changes changes_;
};

Worker::Begin WorkerSet::begin_of(const Bound& bound) {
  return bound.proxy_protocol ? Worker::Begin::ProxyHeader : Worker::Begin::Request;
}

void WorkerSet::change(const Bound& changed) {
  for (Bound& bound : bound_) {
    if (bound.address == changed.address) bound.proxy_protocol = changed.proxy_protocol;
  }
  for (const auto& worker : workers_) {
    worker->post([&worker = *worker, address = changed.address, begin = begin_of(changed)] {
      worker.set_begin(address, begin);
    });
  }
}

WorkerSet::WorkerSet(Loop& control_loop, unsigned workers, SnapshotCell& cell,
                     LogWriter& log_writer)
    : count_(workers),
      cell_(cell),
      log_writer_(log_writer),
      stop_deadline_(control_loop, [this] { finish_stop(); }),
      mailbox_(control_loop) {}

WorkerSet::~WorkerSet() {
  for (const auto& worker : workers_) worker->join();
}

void WorkerSet::start() {
  for (unsigned i = 0; i < count_; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, cell_, log_writer_, clients_));
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

Result<std::unique_ptr<DataPlane::PreparedListeners>> WorkerSet::prepare_listeners(
    const std::vector<ListenerSettings>& listeners) {
  Prepared::Changes changes{.added = {}, .changed = {}, .removed = bound_};
  std::vector<Bound>& removed = changes.removed;
  for (const ListenerSettings& listener : listeners) {
    const auto known = std::find_if(removed.begin(), removed.end(), [&](const Bound& bound) {
      return bound.text == listener.text;
    });
    if (known != removed.end()) {
      if (known->proxy_protocol != listener.proxy_protocol) {
        changes.changed.push_back({known->text, known->address, listener.proxy_protocol});
      }
      removed.erase(known);
      continue;
    }
    Result<std::vector<UniqueFd>> sockets = listen_tcp(listener.address, count_);
    if (!sockets) return error("cannot listen on {}", sockets.error().message);
    const SocketAddress address = bound_address(sockets->front());
    changes.added.push_back(
        {{listener.text, address, listener.proxy_protocol}, std::move(*sockets)});
  }
  return std::make_unique<Prepared>(*this, std::move(changes));
}

std::vector<SocketAddress> WorkerSet::listening() const {
  std::vector<SocketAddress> addresses;
  for (const Bound& bound : bound_) addresses.push_back(bound.address);
  return addresses;
}

void WorkerSet::stop(Duration grace, std::function<void()> on_done) {
  on_stopped_ = std::move(on_done);
  still_draining_ = workers_.size();
  stop_deadline_.start(grace);
  bound_.clear();
  for (const auto& worker : workers_) {
    worker->post([this, &worker = *worker] {
      worker.drain([this] {
        mailbox_.post([this] {
          if (--still_draining_ == 0) finish_stop();
        });
      });
    });
  }
}

// Also when the grace has passed: the destructor cuts what is left.
void WorkerSet::finish_stop() {
  stop_deadline_.stop();
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

}  // namespace tealgate
