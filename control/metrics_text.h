// Writes the Prometheus text format (version 0.0.4): families with their help and type, samples
// with escaped labels. Pure. It does not know what is measured.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace tealgate {

class HistogramCounts;

class MetricsText {
 public:
  enum class Type : std::uint8_t { Counter, Gauge, Histogram };
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // Samples that follow belong to it. `name` without the prefix "tealgate_", unless it begins with
  // "process_"; counters end with _total.
  void family(std::string_view name, Type type, std::string_view help);
  void sample(Labels labels, double value);
  void sample(Labels labels, std::uint64_t value);
  // In seconds, with buckets from 1 ms to 10 s.
  void histogram(Labels labels, const HistogramCounts& counts);

  const std::string& text() const { return text_; }

 private:
  void line(std::string_view suffix, Labels labels, std::string_view bound, std::string_view value);

  std::string family_;
  std::string text_;
};

}  // namespace tealgate
