// What became of exchanges, counted: by whom they were answered, with which status, how long it
// took.
//
// A server has one for the exchanges whose last attempt went to it; a service has one for those
// that we answered without asking a server. Each worker writes its own cell, without locks; control
// adds them up. They only grow. Outlives snapshots, like the ServerState that holds it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/histogram.h"
#include "http/failure.h"

namespace tealgate {

// An exchange at its end.
struct FinishedExchange {
  int status = 0;  // what the client was sent; 0: nothing
  Failure failure = Failure::None;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  Duration ttfb{};  // to the response head; zero: there was none
  Duration duration{};
};

// Neither the client's fault nor nobody's, or an answer from 500 on.
bool is_error(const FinishedExchange& exchange);

// Sums over the workers, or the difference between two moments.
struct TrafficTotals {
  static constexpr std::size_t kStatuses = 600;

  std::vector<std::uint64_t> statuses = std::vector<std::uint64_t>(kStatuses);
  // Attempts in whose place another was made, by what they came to; None: by their status.
  std::vector<std::uint64_t> retries = std::vector<std::uint64_t>(kFailures);
  std::uint64_t errors = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  HistogramCounts ttfb;
  HistogramCounts duration;

  std::uint64_t requests() const;
  TrafficTotals& operator+=(const TrafficTotals& other);
  TrafficTotals& operator-=(const TrafficTotals& earlier);
};

class TrafficFigures {
 public:
  explicit TrafficFigures(unsigned workers);

  // On that worker's thread.
  void count(unsigned worker, const FinishedExchange& exchange);
  void count_retry(unsigned worker, Failure reason);

  // Any thread. Adds.
  void add_to(TrafficTotals& totals) const;

 private:
  struct alignas(64) Cell;
  struct Delete {
    void operator()(Cell* cells) const;
  };
  const unsigned workers_;
  const std::unique_ptr<Cell[], Delete> cells_;
};

}  // namespace tealgate
