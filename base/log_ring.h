// Lines on their way from one thread (a worker) to another (the log writer): a ring of bytes with
// one producer and one consumer, without locks.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tealgate {

class LogRing {
 public:
  // Holds at least `capacity` bytes; pages that no line reached cost nothing.
  explicit LogRing(std::size_t capacity);

  // Producer. Appends `line` and a newline; false, and the line counts as dropped, if there is no
  // room.
  bool append(std::string_view line);
  // Producer. Bytes that wait, at most: the consumer may have taken some meanwhile.
  std::size_t waiting() const { return static_cast<std::size_t>(written_ - taken_seen_); }
  // Producer: looks again at what the consumer took.
  void look() { taken_seen_ = taken_.load(std::memory_order_acquire); }

  // Producer. Nothing will be appended any more.
  void end() { has_ended_.store(true, std::memory_order_release); }

  // Consumer. If true, the next take() gets the last lines.
  bool has_ended() const { return has_ended_.load(std::memory_order_acquire); }
  // Consumer. Moves all that waits, whole lines only, to the end of `lines`.
  void take(std::string& lines);

  // Any thread.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void copy_in(std::string_view bytes);

  const std::size_t capacity_;  // a power of two
  const std::unique_ptr<char[]> bytes_;

  alignas(64) std::uint64_t written_ = 0;  // ever, by the producer
  std::uint64_t taken_seen_ = 0;
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<bool> has_ended_{false};
  alignas(64) std::atomic<std::uint64_t> published_{0};  // ever; always the end of a line
  alignas(64) std::atomic<std::uint64_t> taken_{0};      // ever, by the consumer
};

}  // namespace tealgate
