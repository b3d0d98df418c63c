#include "upstream/traffic_figures.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/cell.h"

namespace tealgate {
namespace {

using Count = std::atomic<std::uint64_t>;

template <class Counts>
void add_all(std::vector<std::uint64_t>& totals, const Counts& counts) {
  for (std::size_t i = 0; i < totals.size(); ++i) {
    totals[i] += counts[i].load(std::memory_order_relaxed);
  }
}

template <class Operation>
void combine(std::vector<std::uint64_t>& into, const std::vector<std::uint64_t>& with,
             Operation operation) {
  std::transform(into.begin(), into.end(), with.begin(), into.begin(), operation);
}

}  // namespace

bool is_error(const FinishedExchange& exchange) {
  const Fault fault = facts_of(exchange.failure).fault;
  return fault == Fault::Server || fault == Fault::Proxy || exchange.status >= 500;
}

std::uint64_t TrafficTotals::requests() const {
  return std::accumulate(statuses.begin(), statuses.end(), std::uint64_t{0});
}

TrafficTotals& TrafficTotals::operator+=(const TrafficTotals& other) {
  combine(statuses, other.statuses, std::plus());
  combine(retries, other.retries, std::plus());
  errors += other.errors;
  bytes_in += other.bytes_in;
  bytes_out += other.bytes_out;
  ttfb += other.ttfb;
  duration += other.duration;
  return *this;
}

TrafficTotals& TrafficTotals::operator-=(const TrafficTotals& earlier) {
  combine(statuses, earlier.statuses, std::minus());
  combine(retries, earlier.retries, std::minus());
  errors -= earlier.errors;
  bytes_in -= earlier.bytes_in;
  bytes_out -= earlier.bytes_out;
  ttfb -= earlier.ttfb;
  duration -= earlier.duration;
  return *this;
}

// On cache lines of its own.
struct alignas(64) TrafficFigures::Cell {
  Count errors{0}, bytes_in{0}, bytes_out{0};
  std::array<Count, TrafficTotals::kStatuses> statuses{};
  std::array<Count, kFailures> retries{};
  Histogram ttfb;
  Histogram duration;
};

TrafficFigures::TrafficFigures(unsigned workers) : workers_(workers), cells_(new Cell[workers]) {}

void TrafficFigures::Delete::operator()(Cell* cells) const {
  delete[] cells;
}

void TrafficFigures::count(unsigned worker, const FinishedExchange& exchange) {
  Cell& cell = cells_[worker];
  const bool is_known = exchange.status >= 0 && exchange.status < int{TrafficTotals::kStatuses};
  add_to_cell(cell.statuses[is_known ? static_cast<std::size_t>(exchange.status) : 0],
              std::uint64_t{1});
  if (is_error(exchange)) add_to_cell(cell.errors, std::uint64_t{1});
  add_to_cell(cell.bytes_in, exchange.bytes_in);
  add_to_cell(cell.bytes_out, exchange.bytes_out);
  if (exchange.ttfb > Duration::zero()) cell.ttfb.record(exchange.ttfb);
  cell.duration.record(exchange.duration);
}

void TrafficFigures::count_retry(unsigned worker, Failure reason) {
  add_to_cell(cells_[worker].retries[static_cast<std::size_t>(reason)], std::uint64_t{1});
}

void TrafficFigures::add_to(TrafficTotals& totals) const {
  for (unsigned worker = 0; worker < workers_; ++worker) {
    const Cell& cell = cells_[worker];
    add_all(totals.statuses, cell.statuses);
    add_all(totals.retries, cell.retries);
    totals.errors += cell.errors.load(std::memory_order_relaxed);
    totals.bytes_in += cell.bytes_in.load(std::memory_order_relaxed);
    totals.bytes_out += cell.bytes_out.load(std::memory_order_relaxed);
    cell.ttfb.add_to(totals.ttfb);
    cell.duration.add_to(totals.duration);
  }
}

}  // namespace tealgate
