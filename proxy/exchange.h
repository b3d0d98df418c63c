// One request with its response on its way through the proxy: does the I/O that its Relay decides.
// In three files: exchange.cc up to the server's answer, exchange_response.cc from there on,
// exchange_stream.cc while that is a tunnel or an event stream.
//
// The server connection owns it. It picks and claims a server for each attempt on the snapshot that
// its worker runs at that moment, streams the bodies both ways with back-pressure, and writes one
// access-log line at its end. Memory: the head, a replay buffer (RetrySettings::buffer_bytes), and
// what the streams' watermarks allow.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/timer.h"
#include "http/event_boundary.h"
#include "http/request_handler.h"
#include "http/websocket_tunnel.h"
#include "proxy/access_log.h"
#include "proxy/claim.h"
#include "proxy/relay.h"
#include "proxy/retry_budget.h"
#include "proxy/upload_meter.h"
#include "upstream/balancer.h"
#include "upstream/data_plane.h"
#include "upstream/snapshot.h"
#include "upstream/upstream_connection.h"

namespace tealgate {

class Worker;

class Exchange final : public RequestAnswerer, private UpstreamUser {
 public:
  // Routes and starts the first attempt at once, on the snapshot that `worker` runs.
  Exchange(Worker& worker, RequestHead&& head, ResponseWriter& writer);
  ~Exchange() override;

  // Its server's part runs, on one of `servers`, claimed before that generation.
  bool is_claimed_on(std::span<const std::shared_ptr<ServerState>> servers,
                     std::uint64_t claimed_before) const;
  // Whether a drain's deadline concerns it.
  bool is_hit_by(const CutOrder& order) const;
  // False if nothing was cut short: it was closed already, but for its peers' part.
  bool cut_by_drain();

  // A WebSocket or an event stream that can be ended properly, and is not being ended yet.
  bool can_close() const;
  // Begins that; it is over when the peers have done their part, or kCloseTime has passed.
  void close_stream();

 private:
  // RequestAnswerer
  void on_body(std::string_view bytes) override;
  void on_trailers(const std::vector<Field>& trailers) override;
  void on_body_end() override;
  void on_write_blocked() override;
  void on_write_drained() override;
  LocalReply reply_to_failure(Failure failure, std::string_view detail) const override;
  void on_client_failure(Failure failure, std::string_view detail) override;
  void on_response_done() override;

  // UpstreamUser
  void on_connected() override;
  void on_interim(const ResponseHead& head) override;
  void on_response_head(const ResponseHead& head) override;
  void on_response_body(std::string_view bytes) override;
  void on_response_trailers(const std::vector<Field>& trailers) override;
  void on_response_end() override;
  void on_failure(Failure failure, std::string_view detail) override;
  void on_upload_blocked() override;
  void on_upload_drained() override;
  void on_deadline() override;

  void cut(Failure failure);
  void route();
  void redirect(std::uint16_t https_port);
  void answer_preflight();
  void attempt();
  Choice pick();
  void begin_attempt(const Choice& choice);
  bool ask_another(const ResponseHead& head);
  bool is_replayable() const { return keeps_replay_ || !head_.framing.has_body(); }
  Relay::Budget budget() const;
  void spend_budget();
  void send_request(const Server& server);
  bool can_repeat() const;
  void fail_attempt(Failure failure, std::string_view detail);
  void act(Relay::Act act);
  void reply();
  void send(LocalReply&& reply);
  void drop_upstream();
  void await_response();
  void start_tunnel(const ResponseHead& head, std::string& fields);
  void on_tunnel_bytes(std::string_view bytes);
  void on_tunnel_end();
  void on_stream_bytes(std::string_view bytes);
  void begin_event_stream(const ResponseHead& head);
  void close_websocket();
  void go_on_closing();
  void await_peers();
  void finish_close();
  void on_server_closed();
  bool is_closed_towards(WebSocketTunnel::Sender peer) const;
  // How long a response that has begun may stand still.
  Duration patience() const;
  bool measure_body(std::size_t bytes);
  void send_continue();
  void count();
  void write_log();

  Worker& worker_;
  ResponseWriter& writer_;
  RequestHead head_;
  std::string request_id_;
  std::string client_address_;
  std::string upstream_head_;
  std::shared_ptr<const ServiceSettings> settings_;  // null: no service was found
  std::uint64_t revision_ = 0;
  std::string_view service_name_;  // in settings' snapshot: kept alive by snapshot_
  std::shared_ptr<const Snapshot> snapshot_;
  std::shared_ptr<const Snapshot> attempt_snapshot_;  // owner of server_ and pool_
  TrafficFigures* own_ = nullptr;                     // of its service; kept alive by snapshot_
  const Pool* pool_ = nullptr;
  const Server* server_ = nullptr;
  Relay relay_;
  RetryBudget::Spent spent_;
  Claim claim_;
  std::unique_ptr<UpstreamConnection> upstream_;
  std::unique_ptr<Timer> exchange_deadline_;
  UploadMeter upload_;
  std::unique_ptr<WebSocketTunnel> websocket_;
  std::unique_ptr<Timer> close_deadline_;
  EventBoundary events_;
  std::vector<FailedTry> tries_;
  std::string replay_;    // the request's body so far, for another attempt; or our own reply's body
  std::string trailers_;  // of the request: those that go on
  std::string response_trailers_;  // the same of the response
  std::string detail_;             // of the last bad end, for the log
  std::string_view upgrade_;       // the protocol asked for; in settings_
  TimePoint began_;
  TimePoint attempt_began_;
  Duration connect_{};
  Duration ttfb_{};
  std::size_t list_index_ = 0;
  int status_ = 0;
  int upstream_status_ = 0;
  bool may_repeat_ = false;  // as far as its method goes
  bool keeps_replay_ = false;
  bool body_ended_ = false;
  bool write_blocked_ = false;
  bool is_stream_ = false;  // a tunnel or an event stream: no end of its own
  bool is_tunnel_ = false;
  bool can_end_ = false;          // an event stream that the client would not take for cut
  bool sees_ends_ = false;        // of its events
  bool closing_ = false;          // see close_stream
  bool awaits_continue_ = false;  // the client sends no body before a 100
  bool continued_ = false;        // a 100 was sent: from the server or from us

  friend class ExchangeList;
};

}  // namespace tealgate
