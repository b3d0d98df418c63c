#include "proxy/worker.h"

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <utility>

#include "base/cell.h"
#include "base/quiet_thread.h"
#include "http/forwarding.h"
#include "proxy/own_reply.h"

namespace tealgate {

namespace {

// Proxies in front keep their connections to us for long, and a close of ours could meet their next
// request.
constexpr Duration kTrustedProxyIdle = std::chrono::minutes(15);

// A client's service is not known before its head has come: it gets the most patient one's times.
ServerConnectionSettings connection_settings(const Snapshot& snapshot) {
  ServerConnectionSettings most;
  most.request_head = most.request_body = most.write = most.idle = {};
  most.response_rate = UINT64_MAX;
  for (const Service& service : snapshot.services) {
    const Timeouts& timeouts = service.settings->timeouts;
    most.request_head = std::max(most.request_head, timeouts.request_head);
    most.request_body = std::max(most.request_body, timeouts.request_body);
    most.write = std::max(most.write, timeouts.write);
    most.idle = std::max(most.idle, timeouts.idle);
    most.response_rate = std::min(most.response_rate, service.settings->response_rate);
  }
  most.head_limits.head_bytes = snapshot.limits.head_bytes;
  most.head_limits.target_bytes = snapshot.limits.target_bytes;
  most.head_limits.fields = snapshot.limits.fields;
  most.requests_per_connection = snapshot.limits.requests_per_connection;
  return most;
}

}  // namespace

Worker::Worker(unsigned index, SnapshotCell& cell, const AccessLogTarget& access_log,
               ClientCounts& clients)
    : index_(index),
      mailbox_(loop_),
      access_log_(access_log),
      connection_cache_(std::make_unique<ConnectionCache>(loop_)),
      reader_(std::make_unique<SnapshotReader>(cell, [this] { post([this] { adopt(); }); })),
      clients_(clients),
      budget_subscriber_(clients.budget.subscribe([this] {
        post([this] {
          for (const auto& listener : listeners_) listener->http->retry();
        });
      })) {
  adopt();
}

Worker::~Worker() {
  clients_.budget.unsubscribe(budget_subscriber_);
  listeners_.clear();
  loop_.end_turn();  // exchanges on their way out know the log and the list
  connection_cache_.reset();
}

void Worker::start() {
  thread_ = begin_quiet_thread(fmt::format("worker-{}", index_).c_str(), [this] { loop_.run(); });
}

void Worker::join() {
  if (!thread_.joinable()) return;
  post([this] { loop_.stop(); });
  thread_.join();
}

void Worker::add_listener(UniqueFd fd, std::shared_ptr<const Entrance> entrance) {
  Listener& listener =
      *listeners_.emplace_back(std::make_unique<Listener>(Listener{std::move(entrance), {}}));
  HttpListener::Hooks hooks{
      .admit = [this, &listener](const SocketAddress& peer) { return admit(listener, peer); },
      .on_open =
          [this, &listener](ServerConnection& connection, const SocketAddress& peer) {
            on_connection_opened(connection, listener, peer);
          },
      .admit_told =
          [this](ServerConnection& connection, const SocketAddress& client) {
            greet(connection, client);
            return admit_client(client);
          },
      .on_close = [this] { on_connection_closed(); },
      .budget = &clients_.budget};
  listener.http = std::make_unique<HttpListener>(loop_, std::move(fd), *this, connection_settings_,
                                                 std::move(hooks));
}

void Worker::set_entrance(const SocketAddress& address, std::shared_ptr<const Entrance> entrance) {
  for (const auto& listener : listeners_) {
    if (listener->http->address() == address) listener->entrance = entrance;
  }
}

void Worker::close_listener(const SocketAddress& address) {
  for (const auto& listener : listeners_) {
    if (listener->http->address() == address) listener->http->close(kIdleGrace);
  }
}

void Worker::close_all_streams(Duration over, double phase) {
  closers_.push_back(std::make_unique<StreamCloser>(*this, over, phase));
}

void Worker::stay() {
  on_drained_ = nullptr;
  closers_.clear();
}

void Worker::drain(Duration idle, std::function<void()> on_drained) {
  idle_grace_ = idle;
  on_drained_ = std::move(on_drained);
  for (const auto& listener : listeners_) listener->http->close(idle);
  on_connection_closed();
}

void Worker::close_streams(const CloseOrder& order, double phase) {
  std::erase_if(closers_, [](const auto& closer) { return closer->is_over(); });
  for (const auto& closer : closers_) closer->give_up(order);
  closers_.push_back(std::make_unique<StreamCloser>(*this, order, phase));
}

// Who may not say whose connection it is gets none where that must be said.
std::optional<AddressCounts::Lease> Worker::admit(const Listener& listener,
                                                  const SocketAddress& peer) {
  if (!listener.entrance->proxy_protocol) return admit_client(peer);
  if (reader_->get()->is_trusted(peer)) return AddressCounts::Lease();
  const std::string host = peer.host();
  const std::string id = request_id(RequestHead());
  on_refused({.failure = Failure::ProxyProtocol,
              .detail = "this peer is not in trusted_proxies",
              .peer_host = host,
              .request_id = id,
              .began = loop_.now()});
  return std::nullopt;
}

// Proxies stand for many clients: they are not counted.
std::optional<AddressCounts::Lease> Worker::admit_client(const SocketAddress& client) {
  const unsigned limit = reader_->get()->limits.connections_per_address;
  if (limit == 0 || reader_->get()->is_trusted(client)) return AddressCounts::Lease();
  std::optional<AddressCounts::Lease> lease = clients_.addresses.take(client, limit);
  if (!lease) counters_.refused_connections.fetch_add(1, std::memory_order_relaxed);
  return lease;
}

void Worker::on_connection_opened(ServerConnection& connection, const Listener& listener,
                                  const SocketAddress& peer) {
  connection.enter_by(listener.entrance);
  if (!listener.entrance->proxy_protocol) greet(connection, peer);
  if (on_drained_) connection.start_draining(idle_grace_);
  count_connections();
}

void Worker::greet(ServerConnection& connection, const SocketAddress& client) {
  if (reader_->get()->is_trusted(client)) connection.set_idle_timeout(kTrustedProxyIdle);
}

void Worker::on_connection_closed() {
  count_connections();
  if (on_drained_ && counters_.client_connections.load(std::memory_order_relaxed) == 0) {
    std::exchange(on_drained_, nullptr)();
  }
}

void Worker::count_connections() {
  std::size_t count = 0;
  for (const auto& listener : listeners_) count += listener->http->connections();
  counters_.client_connections.store(count, std::memory_order_relaxed);
}

void Worker::adopt() {
  if (!reader_->adopt()) return;
  const Snapshot& snapshot = *reader_->get();
  connection_settings_ = connection_settings(snapshot);
  const unsigned connections = snapshot.limits.connections;
  clients_.budget.set_limit(connections != 0 ? connections : default_connection_limit());
  balancers_.clear();
  routable_.clear();
  for (const Service& service : snapshot.services) {
    balancers_.emplace_back(service, index_);
    for (const Pool& pool : service.pools) {
      if (!service.split.is_active(pool.name)) continue;
      for (const Server& server : pool.servers) {
        if (server.admin == AdminState::Ready) routable_.insert(server.state.get());
      }
    }
  }
  connection_cache_->close_unless(
      [this](const ServerState& server) { return is_routable(server); });
}

Choice Worker::pick(std::string_view service, const std::vector<std::string_view>& tried) {
  const Snapshot& snapshot = *reader_->get();
  const Service* found = snapshot.find_service(service);
  if (!found) return {};  // a reload took it away
  return balancers_[static_cast<std::size_t>(found - snapshot.services.data())].pick(tried);
}

void Worker::add(Exchange& exchange) {
  exchanges_.add(exchange);
  count_in_flight();
}

void Worker::remove(Exchange& exchange) {
  exchanges_.remove(exchange);
  count_in_flight();
}

void Worker::count_in_flight() {
  counters_.in_flight.store(exchanges_.size(), std::memory_order_relaxed);
}

Duration Worker::cpu_time() {
  clockid_t clock{};
  timespec used{};
  if (!thread_.joinable() || pthread_getcpuclockid(thread_.native_handle(), &clock) != 0 ||
      clock_gettime(clock, &used) != 0) {
    return Duration::zero();
  }
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

void Worker::count_exchange_end() {
  add_to_cell(counters_.finished, std::uint64_t{1});
}

std::unique_ptr<RequestAnswerer> Worker::on_request(RequestHead&& head, ResponseWriter& writer) {
  return std::make_unique<Exchange>(*this, std::move(head), writer);
}

LocalReply Worker::reply_to_refused(const RefusedRequest& refused, const RequestHead& head) const {
  return refusal(*reader_->get(), head, refused);
}

void Worker::on_refused(const RefusedRequest& refused) {
  count_exchange_end();
  if (TrafficFigures* own = reader_->get()->own.get()) {
    own->count(index_, {.status = refused.status,
                        .failure = refused.failure,
                        .bytes_in = refused.bytes_received,
                        .bytes_out = refused.bytes_sent,
                        .duration = loop_.now() - refused.began});
  }
  access_log_.write({.request_id = refused.request_id,
                     .client_ip = refused.peer_host,
                     .detail = refused.detail,
                     .failure = refused.failure,
                     .status = refused.status,
                     .bytes_in = refused.bytes_received,
                     .bytes_out = refused.bytes_sent,
                     .body_out = refused.body_bytes_sent,
                     .began = refused.began,
                     .ended = loop_.now()});
}

}  // namespace tealgate
