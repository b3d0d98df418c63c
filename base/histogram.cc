#include "base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "base/cell.h"

namespace tealgate {
namespace {

using std::chrono::microseconds;

constexpr unsigned kStepBits = 5;  // 32 cells a doubling
constexpr std::uint64_t kSteps = std::uint64_t{1} << kStepBits;
constexpr std::uint64_t kLinear = 2 * kSteps;  // below it a cell is 1 µs wide
constexpr std::uint64_t kLongest = 60'000'000;

std::size_t cell_of(std::uint64_t value) {
  if (value < kLinear) return value;
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kStepBits;
  return static_cast<std::size_t>(shift * kSteps + (value >> shift));
}

static_assert((25 - kStepBits) * kSteps + 2 * kSteps == Histogram::kCells);

// In the middle of the cell, in microseconds.
double middle_of(std::size_t cell) {
  if (cell < kLinear) return static_cast<double>(cell);
  const std::uint64_t shift = cell / kSteps - 1;
  const std::uint64_t lowest = (cell % kSteps + kSteps) << shift;
  return static_cast<double>(lowest) + static_cast<double>((std::uint64_t{1} << shift) - 1) / 2;
}

std::uint64_t in_range(Duration duration) {
  const auto value = std::chrono::duration_cast<microseconds>(duration).count();
  return std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)), kLongest);
}

}  // namespace

void Histogram::record(Duration duration) {
  const std::uint64_t value = in_range(duration);
  add_to_cell(cells_[cell_of(value)], std::uint64_t{1});
  add_to_cell(microseconds_, value);
}

void Histogram::add_to(HistogramCounts& counts) const {
  for (std::size_t i = 0; i < kCells; ++i) {
    counts.cells_[i] += cells_[i].load(std::memory_order_relaxed);
  }
  counts.microseconds_ += microseconds_.load(std::memory_order_relaxed);
}

void HistogramCounts::record(Duration duration) {
  const std::uint64_t value = in_range(duration);
  ++cells_[cell_of(value)];
  microseconds_ += value;
}

HistogramCounts& HistogramCounts::operator+=(const HistogramCounts& other) {
  std::transform(cells_.begin(), cells_.end(), other.cells_.begin(), cells_.begin(), std::plus());
  microseconds_ += other.microseconds_;
  return *this;
}

HistogramCounts& HistogramCounts::operator-=(const HistogramCounts& earlier) {
  std::transform(cells_.begin(), cells_.end(), earlier.cells_.begin(), cells_.begin(),
                 std::minus());
  microseconds_ -= earlier.microseconds_;
  return *this;
}

std::uint64_t HistogramCounts::count() const {
  return std::accumulate(cells_.begin(), cells_.end(), std::uint64_t{0});
}

Duration HistogramCounts::quantile(double share) const {
  const std::uint64_t all = count();
  if (all == 0) return Duration::zero();
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all))));
  std::uint64_t seen = 0;
  std::size_t cell = 0;
  for (; cell + 1 < cells_.size(); ++cell) {
    seen += cells_[cell];
    if (seen >= wanted) break;
  }
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double, std::micro>(middle_of(cell)));
}

std::uint64_t HistogramCounts::at_most(Duration bound) const {
  const double limit = std::chrono::duration<double, std::micro>(bound).count();
  std::uint64_t seen = 0;
  for (std::size_t cell = 0; cell < cells_.size() && middle_of(cell) <= limit; ++cell) {
    seen += cells_[cell];
  }
  return seen;
}

}  // namespace tealgate
