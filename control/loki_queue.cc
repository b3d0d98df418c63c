#include "control/loki_queue.h"

#include <algorithm>
#include <utility>

namespace tealgate {

std::vector<LokiChunk> LokiQueue::cut(LokiChunk::Origin origin, std::string_view lines) {
  std::vector<LokiChunk> chunks;
  while (!lines.empty()) {
    std::size_t size = lines.size();
    if (size > kChunkBytes) {
      std::size_t newline = lines.rfind('\n', kChunkBytes - 1);
      if (newline == std::string_view::npos) newline = lines.find('\n', kChunkBytes);
      if (newline != std::string_view::npos) size = newline + 1;
    }
    const std::string_view cut = lines.substr(0, size);
    chunks.push_back({origin, std::string(cut),
                      static_cast<std::uint64_t>(std::count(cut.begin(), cut.end(), '\n'))});
    lines.remove_prefix(size);
  }
  return chunks;
}

void LokiQueue::set_limit(std::size_t bytes) {
  limit_ = bytes;
  make_room();
}

void LokiQueue::put(std::vector<LokiChunk>&& chunks, TimePoint now) {
  if (chunks_.empty()) first_ = now;
  for (LokiChunk& chunk : chunks) {
    bytes_ += chunk.lines.size();
    chunks_.push_back(std::move(chunk));
  }
  make_room();
}

std::vector<LokiChunk> LokiQueue::take(std::size_t bytes, TimePoint now) {
  std::vector<LokiChunk> taken;
  for (std::size_t size = 0; size < bytes && !chunks_.empty(); chunks_.pop_front()) {
    size += chunks_.front().lines.size();
    taken.push_back(std::move(chunks_.front()));
    bytes_ -= taken.back().lines.size();
  }
  first_ = now;
  return taken;
}

std::uint64_t LokiQueue::clear() {
  std::uint64_t lines = 0;
  for (const LokiChunk& chunk : chunks_) lines += chunk.count;
  chunks_.clear();
  bytes_ = 0;
  return lines;
}

void LokiQueue::make_room() {
  for (; bytes_ > limit_ && !chunks_.empty(); chunks_.pop_front()) {
    bytes_ -= chunks_.front().lines.size();
    dropped_ += chunks_.front().count;
  }
}

}  // namespace tealgate
