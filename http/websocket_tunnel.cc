#include "http/websocket_tunnel.h"

namespace tealgate {

WebSocketTunnel::Step WebSocketTunnel::take(Sender from, std::string_view bytes) {
  Way& way = this->way(from);
  if (!closing_ || way.closed) {
    way.frames.take(bytes);
    return {way.closed ? std::string_view() : bytes, {}};
  }
  const std::size_t taken = way.frames.take_frame(bytes);
  const bool is_ours = way.frames.is_at_boundary();
  // Of a malformed frame nobody knows the end; its sender is not worth the other side's wait.
  way.closed = is_ours || way.frames.is_closed() || way.frames.is_malformed();
  way.frames.take(bytes.substr(taken));
  return {bytes.substr(0, taken), is_ours ? way.close_frame : std::string_view()};
}

bool WebSocketTunnel::can_close() const {
  if (closing_) return false;
  for (const Way* way : {&from_client_, &from_server_}) {
    if (way->closed || way->frames.is_closing() || way->frames.is_malformed()) return false;
  }
  return true;
}

WebSocketTunnel::Due WebSocketTunnel::close(std::uint32_t key) {
  closing_ = true;
  append_close_frame(from_client_.close_frame, Sender::Client, kGoingAway, key);
  append_close_frame(from_server_.close_frame, Sender::Server, kGoingAway);
  return {from_client_.begin_close(), from_server_.begin_close()};
}

std::string_view WebSocketTunnel::Way::begin_close() {
  closed = frames.is_at_boundary();
  return closed ? close_frame : std::string_view();
}

void WebSocketTunnel::on_end(Sender sender) {
  way(sender).closed = true;
}

}  // namespace tealgate
