#include "http/websocket_frames.h"

#include <doctest/doctest.h>

using namespace tealgate;
using Sender = WebSocketFrames::Sender;

namespace {

// A server's frame: unmasked, its length as short as can be.
std::string frame(unsigned char first, std::size_t size) {
  std::string out(1, static_cast<char>(first));
  if (size < 126) {
    out += static_cast<char>(size);
  } else if (size <= 0xffff) {
    out += {126, static_cast<char>(size >> 8), static_cast<char>(size & 0xff)};
  } else {
    out += 127;
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xff);
  }
  return out + std::string(size, 'x');
}

std::string masked(std::string unmasked) {
  unmasked[1] = static_cast<char>(unmasked[1] | 0x80);
  return unmasked.insert(2, "mask");
}

constexpr unsigned char kText = 0x81, kTextBegun = 0x01, kMore = 0x00, kLast = 0x80, kClose = 0x88,
                        kPing = 0x89, kCompressed = 0xc1;

WebSocketFrames after(const std::string& bytes, Sender sender = Sender::Server) {
  WebSocketFrames frames(sender);
  frames.take(bytes);
  return frames;
}

}  // namespace

TEST_CASE("WebSocket frames: a boundary stands before the first byte and behind each frame") {
  CHECK(WebSocketFrames(Sender::Server).is_at_boundary());
  for (const std::size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 100000u}) {
    CAPTURE(size);
    const std::string one = frame(kText, size);
    WebSocketFrames frames(Sender::Server);
    for (std::size_t at = 0; at + 1 < one.size(); ++at) {
      frames.take(one.substr(at, 1));
      if (frames.is_at_boundary()) FAIL("inside the frame at " << at);
    }
    frames.take(one.substr(one.size() - 1));
    CHECK(frames.is_at_boundary());
    CHECK(after(one).is_at_boundary());
    CHECK(after(one + one.substr(0, 1)).is_at_boundary() == false);
  }
}

TEST_CASE("WebSocket frames: between fragments is a boundary inside a message") {
  const WebSocketFrames begun = after(frame(kTextBegun, 5));
  CHECK(begun.is_at_boundary());
  CHECK(begun.is_in_message());
  CHECK(after(frame(kTextBegun, 5) + frame(kPing, 0) + frame(kMore, 9)).is_in_message());
  CHECK_FALSE(after(frame(kTextBegun, 5) + frame(kLast, 9)).is_in_message());
}

TEST_CASE("WebSocket frames: up to the end of a frame, and no further") {
  const std::string one = frame(kText, 300), two = one + frame(kText, 2);
  WebSocketFrames frames(Sender::Server);
  CHECK(frames.take_frame(two) == one.size());
  CHECK(frames.is_at_boundary());
  CHECK(frames.take_frame(two.substr(one.size(), 3)) == 3);
  CHECK_FALSE(frames.is_at_boundary());
  CHECK(frames.take_frame("x" + one) == 1);
  CHECK(frames.is_at_boundary());
}

TEST_CASE("WebSocket frames: nothing stands behind a Close frame") {
  CHECK(after(frame(kClose, 0)).is_closed());
  const WebSocketFrames closed = after(frame(kClose, 2) + frame(kText, 1));
  CHECK(closed.is_closed());
  CHECK_FALSE(closed.is_at_boundary());
  const WebSocketFrames closing = after(frame(kClose, 2).substr(0, 3));
  CHECK(closing.is_closing());
  CHECK_FALSE(closing.is_closed());
}

TEST_CASE("WebSocket frames: a client's are masked, a server's are not") {
  CHECK(after(masked(frame(kText, 7)), Sender::Client).is_at_boundary());
  CHECK(after(frame(kText, 7), Sender::Client).is_malformed());
  CHECK(after(masked(frame(kText, 7)), Sender::Server).is_malformed());
}

TEST_CASE("WebSocket frames: compressed messages are frames like others") {
  CHECK(after(frame(kCompressed, 500)).is_at_boundary());
}

TEST_CASE("WebSocket frames: what is malformed has no boundaries any more") {
  using namespace std::string_literals;
  for (const std::string& bytes :
       {frame(0x83, 1), frame(0x8b, 1),             // unknown opcodes
        frame(kLast, 1), frame(kMore, 1),           // nothing to continue
        frame(kTextBegun, 1) + frame(kText, 1),     // a message inside another
        frame(kPing & 0x7f, 1), frame(kPing, 126),  // a control frame in pieces, or too long
        frame(0xc9, 1),                             // a compressed control frame
        "\x82\x7e\x00\x7d"s, "\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"s,  // longer than needed
        "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"s}) {                    // a negative length
    CHECK(after(bytes).is_malformed());
    CHECK_FALSE(after(bytes + frame(kText, 1)).is_at_boundary());
  }
}

TEST_CASE("WebSocket frames: our Close frame is one, masked where a client's is") {
  using namespace std::string_literals;
  std::string to_client, to_server;
  append_close_frame(to_client, Sender::Server, kGoingAway);
  append_close_frame(to_server, Sender::Client, kGoingAway, 0x01020304);
  CHECK(to_client == "\x88\x02\x03\xe9"s);
  CHECK(to_server == "\x88\x82\x01\x02\x03\x04\x02\xeb"s);
  CHECK(after(to_client).is_closed());
  CHECK(after(to_server, Sender::Client).is_closed());
}
