#include "base/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace tealgate {
namespace {

using namespace std::chrono_literals;

double in_us(Duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

HistogramCounts counts_of(const Histogram& histogram) {
  HistogramCounts counts;
  histogram.add_to(counts);
  return counts;
}

}  // namespace

TEST_CASE("Histogram: whatever is recorded is read back within 1.6 %") {
  for (double us = 1; us < 60'000'000; us *= 1.013) {
    Histogram histogram;
    const auto recorded = std::chrono::microseconds(static_cast<std::int64_t>(us));
    histogram.record(recorded);
    const double read = in_us(counts_of(histogram).quantile(1));
    CAPTURE(us);
    CHECK(std::abs(read - in_us(recorded)) <= 0.016 * in_us(recorded));
  }
}

TEST_CASE("Histogram: quantiles of many are within 3 % of the exact ones") {
  std::mt19937 random(7);
  std::lognormal_distribution<double> latencies(8, 1.5);
  Histogram histogram;
  std::vector<double> exact;
  for (int i = 0; i < 20'000; ++i) {
    exact.push_back(std::floor(latencies(random)));
    histogram.record(std::chrono::microseconds(static_cast<std::int64_t>(exact.back())));
  }
  std::sort(exact.begin(), exact.end());
  const HistogramCounts counts = counts_of(histogram);
  CHECK(counts.count() == exact.size());
  for (const double share : {0.01, 0.5, 0.95, 0.99, 1.0}) {
    const double right =
        exact[static_cast<std::size_t>(std::ceil(share * static_cast<double>(exact.size()))) - 1];
    CAPTURE(share);
    CHECK(std::abs(in_us(counts.quantile(share)) - right) <= 0.03 * right);
  }
}

TEST_CASE("Histogram: what is out of range counts at its ends") {
  Histogram histogram;
  histogram.record(-5ms);
  histogram.record(2h);
  const HistogramCounts counts = counts_of(histogram);
  CHECK(counts.count() == 2);
  CHECK(counts.quantile(0.5) == 0ms);
  CHECK(std::abs(in_us(counts.quantile(1)) - 60e6) <= 0.016 * 60e6);
}

TEST_CASE("Histogram: none recorded has no quantile but zero") {
  CHECK(HistogramCounts().quantile(0.99) == Duration::zero());
  CHECK(HistogramCounts().at_most(1s) == 0);
}

TEST_CASE("Histogram: those of two threads add up, and a moment is taken from a later one") {
  Histogram one, other;
  one.record(1ms);
  const HistogramCounts before = counts_of(one);
  one.record(3ms);
  other.record(100ms);
  HistogramCounts all = counts_of(one);
  other.add_to(all);
  CHECK(all.count() == 3);
  CHECK(all.sum() == 104ms);
  all -= before;
  CHECK(all.count() == 2);
  CHECK(all.sum() == 103ms);
}

TEST_CASE("Histogram: counts those within a bound") {
  Histogram histogram;
  for (int ms = 1; ms <= 10; ++ms) histogram.record(std::chrono::milliseconds(ms));
  const HistogramCounts counts = counts_of(histogram);
  CHECK(counts.at_most(500us) == 0);
  CHECK(counts.at_most(5500us) == 5);
  CHECK(counts.at_most(60s) == 10);
}

}  // namespace tealgate
