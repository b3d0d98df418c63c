// Lines that wait to be pushed, bounded in bytes: where there is no room the oldest go, and are
// counted. Owned by LokiPusher, which guards it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tealgate {

// Whole lines of one origin, each with its newline.
struct LokiChunk {
  enum class Origin : std::uint8_t { Access, Daemon };
  Origin origin = Origin::Access;
  std::string lines;
  std::uint64_t count = 0;  // of the lines
};

class LokiQueue {
 public:
  static constexpr std::size_t kChunkBytes = std::size_t{256} << 10;

  // Cuts lines into chunks that are small beside any queue, and counts them: who has the queue to
  // himself should not have to.
  static std::vector<LokiChunk> cut(LokiChunk::Origin origin, std::string_view lines);

  void set_limit(std::size_t bytes);
  void put(std::vector<LokiChunk>&& chunks, TimePoint now);
  // The oldest chunks, of about `bytes` together.
  std::vector<LokiChunk> take(std::size_t bytes, TimePoint now);
  // Forgets all; how many lines.
  std::uint64_t clear();

  bool is_empty() const { return chunks_.empty(); }
  std::size_t bytes() const { return bytes_; }
  // When the oldest came, at the earliest.
  TimePoint first() const { return first_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  void make_room();

  std::deque<LokiChunk> chunks_;
  std::size_t limit_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;  // lines
  TimePoint first_{};
};

}  // namespace tealgate
