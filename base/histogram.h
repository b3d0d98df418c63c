// How often which duration was seen: a log-linear histogram from 1 µs to 60 s.
//
// Up to 64 µs each microsecond has a cell of its own, above that each doubling is cut into 32 cells
// of equal width: a value read back is within 1.6 % of what was recorded. Cells add up, so that
// those of workers, servers and moments can be merged. One thread records; any may look meanwhile
// and misses at most what is being recorded.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace tealgate {

class HistogramCounts;

class Histogram {
 public:
  static constexpr std::size_t kCells = 704;

  // The recording thread. Below 0 counts as 0, above 60 s as 60 s.
  void record(Duration duration);
  // Any thread: adds what was recorded so far.
  void add_to(HistogramCounts& counts) const;

 private:
  std::array<std::atomic<std::uint64_t>, kCells> cells_{};
  std::atomic<std::uint64_t> microseconds_{0};  // of all durations together
};

// A histogram as it was at one moment, or what came between two.
class HistogramCounts {
 public:
  HistogramCounts() : cells_(Histogram::kCells) {}

  void record(Duration duration);
  HistogramCounts& operator+=(const HistogramCounts& other);
  // `earlier` is the same histogram, looked at before.
  HistogramCounts& operator-=(const HistogramCounts& earlier);

  std::uint64_t count() const;
  // Of all durations together.
  Duration sum() const { return std::chrono::microseconds(microseconds_); }
  // The duration that this share (0 to 1) of all does not exceed: the middle of its cell. Zero if
  // there is none.
  Duration quantile(double share) const;
  // How many took at most `bound`. Those of the cell in which it lies count if the cell's middle is
  // within it.
  std::uint64_t at_most(Duration bound) const;

 private:
  friend class Histogram;
  std::vector<std::uint64_t> cells_;
  std::uint64_t microseconds_ = 0;
};

}  // namespace tealgate
