// One thread of the data plane: a loop with its own listening sockets, connection cache, balancers
// and counters.
//
// Built and destroyed by the control thread while the worker's own does not run; in between
// everything but post() and the counters belongs to the worker's thread. As RequestHandler it turns
// each request head into an Exchange.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/address_counts.h"
#include "base/connection_budget.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "http/http_listener.h"
#include "proxy/access_log.h"
#include "proxy/exchange_list.h"
#include "proxy/retry_budget.h"
#include "proxy/stream_closer.h"
#include "upstream/balancer.h"
#include "upstream/connection_cache.h"
#include "upstream/snapshot_cell.h"

namespace tealgate {

// The clients of all workers.
struct ClientCounts {
  ConnectionBudget budget;
  AddressCounts addresses;
};

class Worker final : public RequestHandler {
 public:
  // `index`: 0, 1, … The cell holds a snapshot.
  Worker(unsigned index, SnapshotCell& cell, const AccessLogTarget& access_log,
         ClientCounts& clients);
  // After join().
  ~Worker();

  void start();
  // Ends the loop; what is in flight is cut. Then joins the thread.
  void join();
  // Used by its thread, between start() and join(); zero if it can't be known.
  Duration cpu_time();
  // Any thread: runs `task` on the worker's.
  void post(std::function<void()> task) { mailbox_.post(std::move(task)); }

  // Read by control.
  struct Counters {
    std::atomic<std::uint64_t> in_flight{0};
    std::atomic<std::uint64_t> finished{0};
    std::atomic<std::uint64_t> client_connections{0};
    std::atomic<std::uint64_t> refused_connections{0};
  };
  const Counters& counters() const { return counters_; }

  // On the worker's thread from here on.
  void add_listener(UniqueFd fd, std::shared_ptr<const Entrance> entrance);
  // For new connections.
  void set_entrance(const SocketAddress& listener, std::shared_ptr<const Entrance> entrance);
  void close_listener(const SocketAddress& address);
  // Closes all listeners and calls `on_drained` once, when the last client connection has gone; an
  // idle one goes after `idle`.
  void drain(Duration idle, std::function<void()> on_drained);
  static constexpr Duration kIdleGrace = std::chrono::seconds(1);
  // Closes all streams properly, spread over that time, and those that appear from now on, too.
  // `phase` as for Spread.
  void close_all_streams(Duration over, double phase);
  // No drain any more: new listeners may come.
  void stay();
  // Takes the newest snapshot, if there is one: rebuilds the balancers and closes what is idle to
  // servers left out.
  void adopt();
  std::shared_ptr<const Snapshot> snapshot() const { return reader_->share(); }
  Choice pick(std::string_view service, const std::vector<std::string_view>& tried);
  // May a new attempt go to this server? Its connections are kept only then.
  bool is_routable(const ServerState& server) const { return routable_.contains(&server); }

  unsigned index() const { return index_; }
  Loop& loop() { return loop_; }
  ConnectionCache& connections() { return *connection_cache_; }
  RetryBudget& retry_budget() { return retry_budget_; }
  std::size_t exchanges_in_flight() const { return exchanges_.size(); }
  void add(Exchange& exchange);
  void remove(Exchange& exchange);
  const std::vector<Exchange*>& exchanges() const { return exchanges_.all(); }
  unsigned cut(const CutOrder& order) { return exchanges_.cut(order); }
  void close_streams(const CloseOrder& order, double phase);
  AccessLog& log() { return access_log_; }
  void count_exchange_end();

 private:
  std::unique_ptr<RequestAnswerer> on_request(RequestHead&& head, ResponseWriter& writer) override;
  LocalReply reply_to_refused(const RefusedRequest& refused,
                              const RequestHead& head) const override;
  void on_refused(const RefusedRequest& refused) override;
  struct Listener {
    std::shared_ptr<const Entrance> entrance;
    std::unique_ptr<HttpListener> http;
  };

  std::optional<AddressCounts::Lease> admit(const Listener& listener, const SocketAddress& peer);
  std::optional<AddressCounts::Lease> admit_client(const SocketAddress& client);
  void on_connection_opened(ServerConnection& connection, const Listener& listener,
                            const SocketAddress& peer);
  void greet(ServerConnection& connection, const SocketAddress& client);
  void on_connection_closed();
  void count_connections();
  void count_in_flight();

  const unsigned index_;
  ServerConnectionSettings connection_settings_;
  Loop loop_;
  Mailbox mailbox_;
  AccessLog access_log_;
  Counters counters_;
  RetryBudget retry_budget_;
  ExchangeList exchanges_;
  std::unique_ptr<ConnectionCache> connection_cache_;
  std::vector<Balancer> balancers_;  // by the service's index in the snapshot
  std::unordered_set<const ServerState*> routable_;
  std::unique_ptr<SnapshotReader> reader_;
  std::vector<std::unique_ptr<StreamCloser>> closers_;
  ClientCounts& clients_;
  unsigned budget_subscriber_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  Duration idle_grace_ = kIdleGrace;
  std::function<void()> on_drained_;
  std::thread thread_;
};

}  // namespace tealgate
