#include "http/websocket_frames.h"

#include <algorithm>
#include <array>

namespace tealgate {

namespace {

constexpr std::uint8_t kFinal = 0x80, kReserved = 0x70, kOpcode = 0x0f;
constexpr std::uint8_t kMasked = 0x80, kLength = 0x7f;
constexpr std::uint8_t kContinuation = 0x0, kBinary = 0x2, kClose = 0x8, kPong = 0xa;
constexpr std::uint8_t kLength16 = 126, kLength64 = 127;
constexpr std::size_t kMaskBytes = 4;

bool is_control(std::uint8_t opcode) {
  return opcode >= kClose;
}

std::uint64_t big_endian(const std::uint8_t* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

void WebSocketFrames::take(std::string_view bytes) {
  if (state_ == State::Payload && payload_ > bytes.size()) {
    payload_ -= bytes.size();
    return;
  }
  while (!bytes.empty()) bytes.remove_prefix(take_frame(bytes));
}

std::size_t WebSocketFrames::take_frame(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const std::string_view rest = bytes.substr(taken);
    if (state_ == State::Head) {
      taken += take_head(rest);
    } else if (state_ == State::Payload) {
      taken += take_payload(rest);
    } else {
      return bytes.size();
    }
    if (is_at_boundary() || is_closed()) break;
  }
  return taken;
}

std::size_t WebSocketFrames::take_head(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && have_ < head_size()) {
    head_[have_++] = static_cast<std::uint8_t>(bytes[taken++]);
  }
  if (have_ < head_size()) return taken;
  if (is_head_sound()) {
    begin_payload();
  } else {
    state_ = State::Malformed;
  }
  return taken;
}

// As far as what has come of it tells: the first two bytes say how long it is.
std::size_t WebSocketFrames::head_size() const {
  if (have_ < 2) return 2;
  const std::uint8_t length = head_[1] & kLength;
  const std::size_t long_length = length == kLength16 ? 2 : length == kLength64 ? 8 : 0;
  return 2 + long_length + ((head_[1] & kMasked) != 0 ? kMaskBytes : 0);
}

bool WebSocketFrames::is_head_sound() const {
  const std::uint8_t opcode = head_[0] & kOpcode, length = head_[1] & kLength;
  const bool is_final = (head_[0] & kFinal) != 0, is_masked = (head_[1] & kMasked) != 0;
  if (is_masked != (sender_ == Sender::Client)) return false;
  if (is_control(opcode)) {
    // Extensions give a meaning to the reserved bits of data frames only.
    return opcode <= kPong && is_final && length < kLength16 && (head_[0] & kReserved) == 0;
  }
  if (opcode > kBinary || (opcode == kContinuation) != in_message_) return false;
  if (length == kLength16) return big_endian(head_ + 2, 2) >= kLength16;
  if (length == kLength64) {
    const std::uint64_t size = big_endian(head_ + 2, 8);
    return size > 0xffff && size >> 63 == 0;
  }
  return true;
}

void WebSocketFrames::begin_payload() {
  const std::uint8_t opcode = head_[0] & kOpcode, length = head_[1] & kLength;
  if (!is_control(opcode)) in_message_ = (head_[0] & kFinal) == 0;
  is_close_ = opcode == kClose;
  payload_ = length == kLength16   ? big_endian(head_ + 2, 2)
             : length == kLength64 ? big_endian(head_ + 2, 8)
                                   : length;
  have_ = 0;
  state_ = State::Payload;
  if (payload_ == 0) end_frame();
}

std::size_t WebSocketFrames::take_payload(std::string_view bytes) {
  const std::uint64_t taken = std::min<std::uint64_t>(payload_, bytes.size());
  payload_ -= taken;
  if (payload_ == 0) end_frame();
  return static_cast<std::size_t>(taken);
}

void WebSocketFrames::end_frame() {
  state_ = is_close_ ? State::Closed : State::Head;
}

void append_close_frame(std::string& out, WebSocketFrames::Sender sender, std::uint16_t status,
                        std::uint32_t key) {
  const bool is_masked = sender == WebSocketFrames::Sender::Client;
  std::array<std::uint8_t, 2> payload = {static_cast<std::uint8_t>(status >> 8),
                                         static_cast<std::uint8_t>(status & 0xff)};
  out.push_back(static_cast<char>(kFinal | kClose));
  out.push_back(static_cast<char>(payload.size() | (is_masked ? kMasked : 0)));
  if (is_masked) {
    for (unsigned i = 0; i < kMaskBytes; ++i) {
      const auto byte = static_cast<std::uint8_t>(key >> (8 * (3 - i)));
      out.push_back(static_cast<char>(byte));
      if (i < payload.size()) payload[i] ^= byte;
    }
  }
  for (const std::uint8_t byte : payload) out.push_back(static_cast<char>(byte));
}

}  // namespace tealgate
