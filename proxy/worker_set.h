// All workers: the data plane as the control plane sees it.
//
// Lives on the control loop's thread and talks to the workers through their mailboxes; answers come
// back through its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/inheritance.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/systemd_sockets.h"
#include "base/timer.h"
#include "proxy/worker.h"
#include "upstream/data_plane.h"

namespace tealgate {

class WorkerSet final : public DataPlane {
 public:
  WorkerSet(Loop& control_loop, unsigned workers, SnapshotCell& cell,
            const AccessLogTarget& access_log);
  // Cuts what is left and joins the threads.
  ~WorkerSet();

  // prepare_listeners() takes what it needs from it before it binds. It must outlive that call.
  void inherit(Inheritance& inheritance) { inheritance_ = &inheritance; }
  // Likewise, and whenever a reload names another address; they must outlive the set.
  void use(SystemdSockets& sockets) { systemd_ = &sockets; }

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
  std::vector<Duration> cpu_times() const override;
  unsigned workers() const override { return count_; }
  void rotate_ticket_keys(WallTime now, std::chrono::seconds every) override {
    ticket_keys_->rotate_when_due(now, every);
  }

  // What must survive in the next process, and on no disk: tickets of clients stay valid.
  TlsTicketKeys& ticket_keys() { return *ticket_keys_; }

  // Duplicates of all listening sockets, for another process. Whoever closes the last one drops
  // what is queued on it.
  std::vector<HandedDescriptor> listening_sockets() const;
  // As stop(), when another process goes on listening: clients may idle for longer, so that most
  // learn from an answer that their connection ends.
  struct Farewell {
    Duration idle;
    Duration all;
    Duration streams;  // over which they are closed from the begin; zero: kCloseTime before the end
  };
  void retire(const Farewell& farewell, std::function<void()> on_done);
  // New clients wait in the kernel's queue; who is connected is served.
  void pause_accept() { clients_.budget.pause(); }
  void go_on_accepting() { clients_.budget.go_on(); }
  // After retire(): listens again, on `sockets`.
  Result<void> resume(const std::vector<ListenerSettings>& listeners, Inheritance& sockets);

 private:
  class Prepared;
  struct Bound {
    ListenerSettings settings;
    SocketAddress address;          // with the real port
    bool is_open = false;           // the workers accept
    std::vector<int> sockets = {};  // the workers own them; open as long as this is known
  };

  using Bounds = std::vector<Bound>;

  bool listens_on_port_of(const SocketAddress& address) const;
  using Entrances = std::vector<std::shared_ptr<const Entrance>>;  // one a worker

  Result<Entrances> entrances(const ListenerSettings& listener) const;
  void change(const Bound& changed, const Entrances& entrances);
  Result<std::vector<UniqueFd>> sockets_for(const ListenerSettings& listener);
  void close_all_streams(Duration over);
  double phase_of(const Worker& worker) const;
  void finish_stop();

  const unsigned count_;
  SnapshotCell& cell_;
  const AccessLogTarget access_log_;
  ClientCounts clients_;
  const std::shared_ptr<TlsTicketKeys> ticket_keys_ = std::make_shared<TlsTicketKeys>();
  std::vector<std::unique_ptr<Worker>> workers_;
  const std::shared_ptr<Bounds> bound_ = std::make_shared<Bounds>();  // the prepared ones too
  Timer stop_deadline_;
  Timer stream_deadline_;  // from then on streams are closed
  std::size_t still_draining_ = 0;
  unsigned farewells_ = 0;  // a late word of an earlier one does not count
  Inheritance* inheritance_ = nullptr;
  SystemdSockets* systemd_ = nullptr;
  std::function<void()> on_stopped_;
  Mailbox mailbox_;
};

}  // namespace tealgate
