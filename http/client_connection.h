// Our end of an HTTP/1.1 connection towards a server: one request at a time, kept alive in between.
//
// Used by exchanges, health checks, the command line and the demo's traffic. The owner holds it and
// may destroy it in any callback; nothing is called from inside a call of the owner's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/stream.h"
#include "base/timer.h"
#include "http/failure.h"
#include "http/h1_parser.h"

namespace tealgate {

class ClientConnectionOwner {
 public:
  virtual void on_connected() {}
  virtual void on_interim(const ResponseHead&) {}
  // Views are valid during the call.
  virtual void on_response_head(const ResponseHead& head) = 0;
  virtual void on_response_body(std::string_view bytes) = 0;
  // Those of a chunked body, just before its end; not called when there are none.
  virtual void on_response_trailers(const std::vector<Field>&) {}
  // The response is complete; see is_reusable().
  virtual void on_response_end() = 0;
  // The connection is dead. Which Failure it is depends on the phase (Connect*, ServerTlsFailed,
  // ClosedWhenReused, ClosedEarly, HeadCut, BadResponse, BodyCut). While idle: ClosedEarly.
  // `detail` is valid during the call.
  virtual void on_failure(Failure failure, std::string_view detail) = 0;
  virtual void on_upload_blocked() {}
  virtual void on_upload_drained() {}

 protected:
  ~ClientConnectionOwner() = default;
};

class ClientConnection final : private StreamOwner {
 public:
  // on_connected or on_failure follows. Requests may be sent before.
  // With `tls` the connection is made when its session is established.
  static std::unique_ptr<ClientConnection> connect(Loop& loop, const SocketAddress& address,
                                                   ClientConnectionOwner& owner,
                                                   std::unique_ptr<TlsSession> tls = nullptr);

  ~ClientConnection();

  void set_owner(ClientConnectionOwner& owner) { owner_ = &owner; }

  // `head` is complete, with its empty line; `framing` says how send_body() is to delimit. If it
  // asks for an upgrade and the response is 101, the connection is a tunnel from on_response_head
  // on: response body and request body are its two ways, end_body() sends FIN.
  void send_request(std::string_view head, std::string_view method, const Framing& framing,
                    H1Parser::Upgrade upgrade = H1Parser::Upgrade::NotAsked);
  void send_body(std::string_view bytes);  // valid until the running callback returns
  // `trailers`: complete lines with CRLF, for a chunked body.
  void end_body(std::string_view trailers = {});

  // Back-pressure on the response.
  void pause() { stream_->pause(); }
  void resume() { stream_->resume(); }

  // Whether another request may be sent: the response ended, the request was wholly sent, and the
  // server keeps it open.
  bool is_reusable() const;
  // How often a request was sent on it; 1 = fresh.
  unsigned requests_sent() const { return requests_sent_; }
  // Whether any byte of the current request can have reached the server (false until connected).
  bool has_written() const { return connected_ && requests_sent_ > 0; }
  bool is_connected() const { return connected_; }
  bool is_upload_blocked() const { return stream_->is_write_blocked(); }
  // Keep-Alive: timeout=N of the last response, or zero.
  Duration server_idle_timeout() const { return server_idle_timeout_; }
  // Idle in a cache: its close is handled before other events, see Poller::set_urgent.
  void set_idle(bool idle) { stream_->set_urgent(idle); }
  // The next destruction resets instead of closing politely.
  void reset_on_close() { stream_->reset_on_close(); }

 private:
  enum class Phase : std::uint8_t { Idle, Head, Body };

  explicit ClientConnection(ClientConnectionOwner& owner);
  void on_connected() override;
  void on_bytes(std::string_view bytes) override;
  void on_end() override;
  void on_error(int error) override;
  void on_tls_failure(std::string_view why) override;
  void on_write_blocked() override { owner_->on_upload_blocked(); }
  void on_write_drained() override { owner_->on_upload_drained(); }

  std::size_t take(std::string_view bytes);
  std::size_t take_head(std::string_view bytes);
  std::size_t take_body(std::string_view bytes);
  void finish_response(bool has_surplus);
  void note_keep_alive(const ResponseHead& head);
  Failure failure_of_silence() const;
  void fail(Failure failure, std::string_view detail);

  ClientConnectionOwner* owner_;
  std::unique_ptr<Stream> stream_;
  H1Parser parser_;
  ResponseHead head_;  // valid while it is being told; kept for its memory
  Framing request_framing_;
  Duration server_idle_timeout_{};
  unsigned requests_sent_ = 0;
  unsigned interims_ = 0;  // 1xx of this request so far
  Phase phase_ = Phase::Idle;
  bool* destroyed_ = nullptr;  // set while a callback of ours runs
  bool connected_ = false;
  H1Parser::Upgrade upgrade_ = H1Parser::Upgrade::NotAsked;
  bool is_head_request_ = false;
  bool is_tunnel_ = false;
  bool sending_ = false;  // the request's body is not ended
  bool keeps_alive_ = true;
  bool dead_ = false;
};

}  // namespace tealgate
