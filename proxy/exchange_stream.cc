// What an exchange does while it is a stream: a tunnel or an event stream, and how these are closed
// properly before they end by themselves.
//
// An event stream ends where an event does, with the response's proper end. A WebSocket gets our
// Close frame on both ways (see WebSocketTunnel); then the client's Close and the server's FIN are
// awaited. Other tunnels cannot be closed so.
#include <sys/random.h>

#include <cstdint>

#include "http/field_list.h"
#include "http/upgrade.h"
#include "proxy/exchange.h"
#include "proxy/worker.h"

namespace tealgate {

namespace {

using Sender = WebSocketTunnel::Sender;

bool is_event_stream(const ResponseHead& head) {
  const std::string_view type = head.field("Content-Type");
  return equals_ignoring_case(trimmed(type.substr(0, type.find(';'))), "text/event-stream");
}

// It hides nothing: RFC 6455 wants one, and two known bytes are masked.
std::uint32_t mask_key() {
  std::uint32_t key = 0;
  if (getrandom(&key, sizeof key, GRND_NONBLOCK) < 0) return 0;
  return key;
}

}  // namespace

void Exchange::begin_event_stream(const ResponseHead& head) {
  is_stream_ = is_event_stream(head);
  claim_.set_stream(is_stream_);
  if (!is_stream_) return;
  can_end_ =
      head.framing.kind == Framing::Kind::Chunked || head.framing.kind == Framing::Kind::UntilClose;
  sees_ends_ = !head.has_field("Content-Encoding");
}

// From here on the request's body and the response's are the tunnel's two ways.
void Exchange::start_tunnel(const ResponseHead& head, std::string& fields) {
  is_stream_ = is_tunnel_ = true;
  claim_.set_stream(true);
  if (equals_ignoring_case(upgrade_, "websocket")) {
    websocket_ = std::make_unique<WebSocketTunnel>();
  }
  append_upgrade(fields, head.field("Upgrade"));
  const ResponseWriter::EarlyBytes early = writer_.start_tunnel(fields);
  body_ended_ = false;
  on_tunnel_bytes(early.bytes);
  if (early.ended) on_tunnel_end();
}

// From the client.
void Exchange::on_tunnel_bytes(std::string_view bytes) {
  WebSocketTunnel::Step step{bytes, {}};
  if (websocket_) step = websocket_->take(Sender::Client, bytes);
  if (upstream_) {
    upstream_->start_deadline(patience());
    upstream_->http().send_body(step.pass);
    upstream_->http().send_body(step.close);
  }
  if (closing_) go_on_closing();
}

void Exchange::on_tunnel_end() {
  body_ended_ = true;
  if (upstream_) upstream_->http().end_body();
  if (!websocket_) return;
  websocket_->on_end(Sender::Client);
  if (closing_) go_on_closing();
}

// From the server, as a tunnel or an event stream.
void Exchange::on_stream_bytes(std::string_view bytes) {
  if (websocket_) {
    const WebSocketTunnel::Step step = websocket_->take(Sender::Server, bytes);
    writer_.send_body(step.pass);
    writer_.send_body(step.close);
    if (closing_) go_on_closing();
    return;
  }
  if (is_tunnel_ || !closing_) {
    events_.take(bytes);
    return writer_.send_body(bytes);
  }
  writer_.send_body(bytes.substr(0, events_.take_event(bytes)));
  if (events_.is_at_boundary()) finish_close();
}

bool Exchange::can_close() const {
  if (!is_stream_ || closing_ || !claim_ || relay_.is_done()) return false;
  return is_tunnel_ ? websocket_ && websocket_->can_close() : can_end_;
}

void Exchange::close_stream() {
  closing_ = true;
  if (websocket_) return close_websocket();
  if (!sees_ends_ || events_.is_at_boundary()) return finish_close();
  await_peers();  // after that it ends where it is: readers drop an event that does not end
}

void Exchange::close_websocket() {
  const WebSocketTunnel::Due due = websocket_->close(mask_key());
  upstream_->http().send_body(due.from_client);
  writer_.send_body(due.from_server);
  go_on_closing();
}

// After each step of the two ways. Once a way is closed its sender is read, whatever the other side
// takes: only the answer to our Close frame is wanted of it.
void Exchange::go_on_closing() {
  if (relay_.is_done()) return;
  if (websocket_->is_closed(Sender::Client)) writer_.resume_body();
  if (websocket_->is_closed(Sender::Server) && upstream_) upstream_->http().resume();
  if (!websocket_->is_closed()) return;
  if (!close_deadline_) await_peers();
  const bool is_client_done = body_ended_ || websocket_->has_answered(Sender::Client);
  if (is_client_done && !upstream_) finish_close();
}

void Exchange::await_peers() {
  close_deadline_ = std::make_unique<Timer>(worker_.loop(), [this] { finish_close(); });
  close_deadline_->start(kCloseTime);
  if (upstream_) upstream_->start_deadline(patience());
}

// The server ended it, or is gone: the claim need not wait for the client's part.
void Exchange::on_server_closed() {
  websocket_->on_end(Sender::Server);
  websocket_->on_end(Sender::Client);
  drop_upstream();
  claim_.release();
  go_on_closing();
}

void Exchange::finish_close() {
  if (relay_.is_done()) return;
  relay_.on_closed(Failure::DrainClose);
  drop_upstream();
  claim_.release();
  writer_.end({});
}

// Whether `peer` was told to close, or hears nothing more anyway.
bool Exchange::is_closed_towards(Sender peer) const {
  if (!closing_ || !websocket_) return false;
  return websocket_->is_closed(peer == Sender::Client ? Sender::Server : Sender::Client);
}

bool Exchange::cut_by_drain() {
  const bool is_closed = closing_ && websocket_ && websocket_->is_closed();
  is_closed ? finish_close() : cut(Failure::DrainCut);
  return !is_closed;
}

}  // namespace tealgate
