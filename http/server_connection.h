// One client's HTTP/1.1 connection: reads requests, asks the RequestHandler for answers, writes
// responses.
//
// On a listener that speaks the PROXY protocol its header comes first (Phase::ProxyHeader), then
// TLS, if the listener speaks it; the stream does that.
//
//      first byte     head complete     request complete     response sent
//   idle ───▶ Head ─────────▶ Body ─────────▶ Answer ─────────▶ idle
//    │ idle    │ malformed,    │ broken,       │ close wanted
//    │ timeout │ late          │ late          │
//    ▼         ▼               ▼               ▼
//   closed ◀── 2 s, 64 KiB, or the client's FIN ── lingering: FIN sent, the rest is discarded
//
// A response that starts a tunnel leads from Answer to Tunnel, where bytes go by unread, and from
// there to lingering or closed.
//
// One exchange at a time; pipelined bytes wait, bounded and unrouted. A close that was not the
// client's wish, or that leaves a request unread, lingers, since the reset of a plain close would
// eat the answer. Owned by a listener, which destroys it at the end of the turn when told that it
// closed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/loop.h"
#include "base/stream.h"
#include "base/timer.h"
#include "http/entrance.h"
#include "http/h1_parser.h"
#include "http/proxy_protocol.h"
#include "http/request_handler.h"
#include "http/response_meter.h"

namespace tealgate {

struct ServerConnectionSettings {
  HeadLimits head_limits;
  Duration request_head = std::chrono::seconds(10);
  Duration request_body = std::chrono::seconds(30);  // between two reads
  Duration write = std::chrono::seconds(60);         // over which response_rate is measured
  std::uint64_t response_rate = 0;  // bytes a second to be taken while some wait; 0: any
  Duration idle = std::chrono::seconds(75);
  unsigned requests_per_connection = 0;  // 0: any number
};

class ServerConnection;

enum class Admission : std::uint8_t { Admitted, Refused };

class ServerConnectionOwner {
 public:
  // A PROXY header said who the client is. Refused: the connection closes at once.
  virtual Admission on_client_told(ServerConnection&, const SocketAddress&) {
    return Admission::Admitted;
  }
  // Nothing more happens on the connection: hand it to Loop::destroy_later.
  virtual void on_connection_closed(ServerConnection& connection) = 0;

 protected:
  ~ServerConnectionOwner() = default;
};

class ServerConnection final : private StreamOwner, private ResponseWriter {
 public:
  // `settings` must outlive the connection.
  ServerConnection(Loop& loop, UniqueFd fd, const SocketAddress& peer, RequestHandler& handler,
                   const ServerConnectionSettings& settings, ServerConnectionOwner& owner);
  // Ends an exchange under way with Failure::Stopping.
  ~ServerConnection();

  // From now on each answer says Connection: close; an idle connection closes after `grace`.
  void start_draining(Duration grace);

  // Before the loop's next turn; without it the connection is a plain one. A PROXY header is only
  // asked of a peer that may be believed: its client takes the peer's place.
  void enter_by(std::shared_ptr<const Entrance> entrance);

  // Idle timeouts of clients known to be proxies are longer.
  void set_idle_timeout(Duration timeout) { idle_timeout_ = timeout; }
  int fd() const { return stream_->fd(); }

 private:
  enum class Phase : std::uint8_t { ProxyHeader, Head, Body, Answer, Tunnel, Lingering, Closed };

  // StreamOwner
  void on_bytes(std::string_view bytes) override;
  void on_end() override;
  void on_error(int error) override;
  void on_dead_while_paused() override { fail(Failure::ClientAbort, "reset by the client"); }
  void on_write_blocked() override;
  void on_write_drained() override;
  void on_flushed() override;
  void on_woken() override;
  void on_tls_established() override;
  void on_not_tls(std::string_view bytes) override;
  void on_tls_failure(std::string_view why) override;

  // ResponseWriter
  void send_interim(int status, std::string_view fields) override;
  void send_head(const OutgoingHead& head) override;
  void send_body(std::string_view bytes) override;
  void end(std::string_view trailers) override;
  EarlyBytes start_tunnel(std::string_view fields) override;
  void cut() override;
  void pause_body() override;
  void resume_body() override;
  void discard_body() override;
  const SocketAddress& peer() const override { return peer_; }
  std::string_view peer_host() const override { return peer_host_; }
  const Entrance& entrance() const override { return *entrance_; }
  std::string_view client_name() const override { return client_name_; }
  Loop& loop() override { return loop_; }
  std::uint64_t bytes_received() const override { return bytes_received_; }
  std::uint64_t bytes_sent() const override { return written_ - sent_before_; }
  std::uint64_t body_bytes_sent() const override {
    return head_ended_ > sent_before_ ? written_ - head_ended_ : 0;
  }

  std::size_t take_request(std::string_view bytes);
  bool is_between_requests() const;
  std::size_t take_proxy_header(std::string_view bytes);
  std::size_t take_head(std::string_view bytes);
  std::size_t take_body(std::string_view bytes);
  void begin_exchange(RequestHead&& head);
  void on_request_complete();
  void keep_pipelined(std::string_view bytes);
  std::string_view waiting() const { return std::string_view(pipelined_).substr(pipelined_taken_); }
  void end_half_closed();
  void finish_exchange();
  void start_next_request();
  void refuse(Failure failure, std::string_view detail, const RequestHead& head);
  void send_error(const LocalReply& reply);
  OutgoingHead dressed(const OutgoingHead& head) const;
  void fail(Failure failure, std::string_view detail);
  void on_read_timeout();
  std::uint64_t taken() const;
  void begin_measuring(Timer& timer);
  ResponseMeter::Verdict judge_taking();
  void on_write_timeout();
  void linger();
  void on_linger_timeout();
  void close();
  void write(std::string_view bytes);
  void write_bare_head(int status, std::string_view fields);

  Loop& loop_;
  RequestHandler& handler_;
  const ServerConnectionSettings& settings_;
  ServerConnectionOwner& owner_;
  SocketAddress peer_;     // or the client that a PROXY header told
  std::string peer_host_;  // made once: each request needs it
  std::shared_ptr<const Entrance> entrance_;
  std::string client_name_;
  std::unique_ptr<Stream> stream_;
  H1Parser parser_;
  std::unique_ptr<RequestAnswerer> answerer_;
  Timer read_timer_;
  Timer write_timer_;
  std::unique_ptr<ProxyHeaderReader> proxy_header_;  // while it comes
  std::string pipelined_;  // what came before its turn; taken bytes stay until it grows
  std::size_t pipelined_taken_ = 0;
  TimePoint began_;
  Duration idle_timeout_;
  std::uint64_t bytes_received_ = 0;
  std::uint64_t written_ = 0;      // on this connection
  std::uint64_t sent_before_ = 0;  // of these, before the exchange
  std::uint64_t head_ended_ = 0;   // of these, before the newest response's body
  ResponseMeter meter_;
  std::size_t discarded_ = 0;
  unsigned requests_ = 0;
  Framing response_framing_;
  Phase phase_ = Phase::Head;
  bool head_request_ = false;
  bool old_client_ = false;  // HTTP/1.0
  bool client_keeps_alive_ = true;
  bool close_wanted_ = false;  // by us
  bool draining_ = false;
  bool half_closed_ = false;
  bool discarding_ = false;
  bool head_sent_ = false;
  bool response_ended_ = false;
  bool cut_ = false;
};

}  // namespace tealgate
