// All workers: the data plane as the control plane sees it.
//
// Lives on the control loop's thread and talks to the workers through their mailboxes; answers come
// back through its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/loop.h"
#include "base/mailbox.h"
#include "base/timer.h"
#include "proxy/worker.h"
#include "upstream/data_plane.h"

namespace tealgate {

class WorkerSet final : public DataPlane {
 public:
  WorkerSet(Loop& control_loop, unsigned workers, SnapshotCell& cell, LogWriter& log_writer);
  // Cuts what is left and joins the threads.
  ~WorkerSet();

  // Makes the workers and begins their threads. The cell holds a snapshot by now.
  void start();

  // DataPlane
  void cut(const CutOrder& order, std::function<void(unsigned)> on_done) override;
  void close_streams(const CloseOrder& order) override;
  Result<std::unique_ptr<PreparedListeners>> prepare_listeners(
      const std::vector<ListenerSettings>& listeners) override;
  std::vector<SocketAddress> listening() const override;
  void stop(Duration grace, std::function<void()> on_done) override;
  Counts counts() const override;
  unsigned workers() const override { return count_; }

 private:
  class Prepared;
  struct Bound {
    ListenerSettings settings;
    SocketAddress address;  // with the real port
    bool is_open = false;   // the workers accept
  };

  using Bounds = std::vector<Bound>;

  bool listens_on_port_of(const SocketAddress& address) const;
  using Entrances = std::vector<std::shared_ptr<const Entrance>>;  // one a worker

  Result<Entrances> entrances(const ListenerSettings& listener) const;
  void change(const Bound& changed, const Entrances& entrances);
  void finish_stop();

  const unsigned count_;
  SnapshotCell& cell_;
  LogWriter& log_writer_;
  ClientCounts clients_;
  const std::shared_ptr<TlsTicketKeys> ticket_keys_ = std::make_shared<TlsTicketKeys>();
  std::vector<std::unique_ptr<Worker>> workers_;
  const std::shared_ptr<Bounds> bound_ = std::make_shared<Bounds>();  // the prepared ones too
  Timer stop_deadline_;
  std::size_t still_draining_ = 0;
  std::function<void()> on_stopped_;
  Mailbox mailbox_;
};

}  // namespace tealgate
