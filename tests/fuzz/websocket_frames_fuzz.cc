// Frames in pieces against frames in one piece; and that a WebSocket closed at any point passes a
// prefix of whole frames, then at most one Close frame.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/websocket_tunnel.h"

using namespace tealgate;
using Sender = WebSocketTunnel::Sender;

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

void demand_same(const WebSocketFrames& a, const WebSocketFrames& b) {
  demand(a.is_at_boundary() == b.is_at_boundary());
  demand(a.is_in_message() == b.is_in_message());
  demand(a.is_closed() == b.is_closed());
  demand(a.is_closing() == b.is_closing());
  demand(a.is_malformed() == b.is_malformed());
}

void try_pieces(Sender sender, std::string_view bytes, std::size_t step) {
  WebSocketFrames whole(sender), pieces(sender), frames(sender);
  whole.take(bytes);
  for (std::size_t at = 0; at < bytes.size(); at += step) pieces.take(bytes.substr(at, step));
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::size_t taken = frames.take_frame(rest);
    demand(taken > 0 && taken <= rest.size());
    demand(taken == rest.size() || frames.is_at_boundary() || frames.is_closed());
    rest.remove_prefix(taken);
  }
  demand_same(whole, pieces);
  demand_same(whole, frames);
}

void try_close(Sender sender, std::string_view bytes, std::size_t close_at) {
  WebSocketTunnel tunnel;
  std::string passed;
  close_at = std::min(close_at, bytes.size());
  passed += tunnel.take(sender, bytes.substr(0, close_at)).pass;
  demand(passed == bytes.substr(0, close_at));
  if (!tunnel.can_close()) return;
  const WebSocketTunnel::Due due = tunnel.close(0);
  std::string_view close = sender == Sender::Client ? due.from_client : due.from_server;
  for (std::size_t at = close_at; at < bytes.size(); ++at) {
    const WebSocketTunnel::Step step = tunnel.take(sender, bytes.substr(at, 1));
    demand(step.close.empty() || close.empty());
    demand(close.empty() || step.pass.empty());
    passed += step.pass;
    if (!step.close.empty()) close = step.close;
  }
  demand(bytes.starts_with(passed));
  WebSocketFrames seen(sender);
  seen.take(passed);
  if (close.empty()) return;
  demand(seen.is_at_boundary());
  seen.take(close);
  demand(seen.is_closed());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Sender sender = (data[0] & 1) != 0 ? Sender::Client : Sender::Server;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  try_pieces(sender, bytes, 1u + data[0] / 2u);
  try_close(sender, bytes, data[1]);
  return 0;
}
