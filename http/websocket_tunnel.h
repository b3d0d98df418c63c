// Both ways of a WebSocket that passes through us, and how it is closed properly from the middle:
// with a Close frame of ours to each peer, where a frame ends.
//
//            close()                      where its frame ends: our Close frame
//   Open ───────────────▶ Closing (a way) ─────────────────────────────────────▶ Closed (a way)
//
// Each way closes for itself. After our Close frame nothing follows on it: what its sender still
// says is dropped, and only looked at for the Close frame that answers ours. A way on which the
// sender's own Close frame passes meanwhile is closed by that. Sans-IO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/websocket_frames.h"

namespace tealgate {

class WebSocketTunnel {
 public:
  using Sender = WebSocketFrames::Sender;

  struct Step {
    std::string_view pass;   // of the bytes taken: what goes on to the other side
    std::string_view close;  // and then our Close frame, if it is due
  };
  Step take(Sender from, std::string_view bytes);

  // Open, its frames are understood, and neither side closes it already.
  bool can_close() const;
  // Begins; only if can_close(). Gives our Close frames that go out at once, in the sender's place;
  // the others come with a Step. All views live as long as this. `key` masks the one that goes to
  // the server.
  struct Due {
    std::string_view from_client, from_server;
  };
  Due close(std::uint32_t key);

  // The way from `sender` is closed: nothing of it goes on.
  bool is_closed(Sender sender) const { return way(sender).closed; }
  bool is_closed() const { return from_client_.closed && from_server_.closed; }
  // The sender's own Close frame came: it is through with it.
  bool has_answered(Sender sender) const { return way(sender).frames.is_closed(); }
  // The sender will say nothing more: its way is closed, whatever it has left unsaid.
  void on_end(Sender sender);

 private:
  struct Way {
    WebSocketFrames frames;
    std::string close_frame = {};  // ours, while closing
    bool closed = false;
    std::string_view begin_close();
  };
  Way& way(Sender sender) { return sender == Sender::Client ? from_client_ : from_server_; }
  const Way& way(Sender sender) const {
    return sender == Sender::Client ? from_client_ : from_server_;
  }

  Way from_client_{WebSocketFrames(Sender::Client)};
  Way from_server_{WebSocketFrames(Sender::Server)};
  bool closing_ = false;
};

}  // namespace tealgate
