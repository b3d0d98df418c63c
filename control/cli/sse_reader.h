// Takes Server-Sent Events out of bytes as they come (HTML standard, section "Server-sent events").
//
// Sans-IO. It reads what our own daemon writes: lines end with LF or CRLF, never with CR alone.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace tealgate::cli {

struct SseMessage {
  std::string event;  // "snapshot"
  std::string id;     // "" if it has none
  std::string data;
};

class SseReader {
 public:
  static constexpr std::size_t kLongestLine = std::size_t{64} << 20;

  explicit SseReader(std::function<void(const SseMessage&)> on_message)
      : on_message_(std::move(on_message)) {}

  // False: a line is longer than any that makes sense. The callback may not destroy the reader.
  bool feed(std::string_view bytes);

 private:
  void take_line(std::string_view line);

  std::function<void(const SseMessage&)> on_message_;
  std::string line_;  // not ended yet
  SseMessage message_;
  bool has_data_ = false;
};

}  // namespace tealgate::cli
