#include "base/log_ring.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/cell.h"

namespace tealgate {

LogRing::LogRing(std::size_t capacity)
    : capacity_(std::bit_ceil(capacity)), bytes_(new char[capacity_]) {}

bool LogRing::append(std::string_view line) {
  if (waiting() + line.size() + 1 > capacity_) look();
  if (waiting() + line.size() + 1 > capacity_) {
    add_to_cell(dropped_, std::uint64_t{1});
    return false;
  }
  copy_in(line);
  copy_in("\n");
  published_.store(written_, std::memory_order_release);
  return true;
}

void LogRing::take(std::string& lines) {
  std::uint64_t end = published_.load(std::memory_order_acquire);
  std::uint64_t begin = taken_.load(std::memory_order_relaxed);
  while (begin < end) {
    std::size_t offset = static_cast<std::size_t>(begin) & (capacity_ - 1);
    std::size_t size = std::min(static_cast<std::size_t>(end - begin), capacity_ - offset);
    lines.append(bytes_.get() + offset, size);
    begin += size;
  }
  taken_.store(begin, std::memory_order_release);
}

void LogRing::copy_in(std::string_view bytes) {
  std::size_t offset = static_cast<std::size_t>(written_) & (capacity_ - 1);
  std::size_t first = std::min(bytes.size(), capacity_ - offset);
  std::memcpy(bytes_.get() + offset, bytes.data(), first);
  std::memcpy(bytes_.get(), bytes.data() + first, bytes.size() - first);
  written_ += bytes.size();
}

}  // namespace tealgate
