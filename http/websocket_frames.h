// Where the frames of one direction of a WebSocket end (RFC 6455 5.2): a reader of frame heads that
// skips payloads by their length.
//
// Reads nothing of what is said; extensions that keep the frame (permessage-deflate) change nothing
// for it. Once a frame is malformed, or after a Close frame, there are no boundaries any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tealgate {

// Of "going away", the status with which a server that stops closes its WebSockets.
constexpr std::uint16_t kGoingAway = 1001;

class WebSocketFrames {
 public:
  // Who sends them: a client's are masked, a server's never.
  enum class Sender : std::uint8_t { Client, Server };

  explicit WebSocketFrames(Sender sender) : sender_(sender) {}

  // Takes the bytes that come next.
  void take(std::string_view bytes);
  // Takes them up to the end of the frame that is under way, and returns how many these were; all,
  // if it goes on.
  std::size_t take_frame(std::string_view bytes);

  // Between two frames, or before the first; perhaps within a message, where control frames may
  // stand.
  bool is_at_boundary() const { return state_ == State::Head && have_ == 0; }
  bool is_in_message() const { return in_message_; }
  // A Close frame has wholly passed: nothing may follow it.
  bool is_closed() const { return state_ == State::Closed; }
  // The head of a Close frame has come, or all of it.
  bool is_closing() const { return is_close_ || is_closed(); }
  bool is_malformed() const { return state_ == State::Malformed; }

 private:
  enum class State : std::uint8_t { Head, Payload, Closed, Malformed };

  static constexpr std::size_t kLongestHead = 14;  // 2, 8 of the length, 4 of the mask

  std::size_t take_head(std::string_view bytes);
  std::size_t take_payload(std::string_view bytes);
  std::size_t head_size() const;
  bool is_head_sound() const;
  void begin_payload();
  void end_frame();

  Sender sender_;
  State state_ = State::Head;
  std::uint8_t have_ = 0;  // bytes of the head so far
  bool in_message_ = false;
  bool is_close_ = false;
  std::uint8_t head_[kLongestHead] = {};
  std::uint64_t payload_ = 0;  // still to come
};

// A Close frame with `status` and without a reason. What a client sends is masked with `key`; a
// server's Close has none.
void append_close_frame(std::string& out, WebSocketFrames::Sender sender, std::uint16_t status,
                        std::uint32_t key = 0);

}  // namespace tealgate
