#include "control/metrics_text.h"

#include <fmt/format.h>

#include <array>

#include "base/histogram.h"

namespace tealgate {
namespace {

using std::chrono::milliseconds;

constexpr std::array kBuckets = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000};

double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
    } else {
      if (c == '\\' || c == '"') result += '\\';
      result += c;
    }
  }
  return result;
}

std::string_view name_of(MetricsText::Type type) {
  switch (type) {
    case MetricsText::Type::Counter:
      return "counter";
    case MetricsText::Type::Gauge:
      return "gauge";
    case MetricsText::Type::Histogram:
      return "histogram";
  }
  return "untyped";
}

}  // namespace

void MetricsText::family(std::string_view name, Type type, std::string_view help) {
  family_ = name.starts_with("process_") ? std::string(name) : fmt::format("tealgate_{}", name);
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", family_, help, family_, name_of(type));
}

void MetricsText::sample(Labels labels, double value) {
  line("", labels, "", fmt::format("{}", value));
}

void MetricsText::sample(Labels labels, std::uint64_t value) {
  line("", labels, "", fmt::format("{}", value));
}

void MetricsText::histogram(Labels labels, const HistogramCounts& counts) {
  for (const int bound : kBuckets) {
    line("_bucket", labels, fmt::format("{}", in_seconds(milliseconds(bound))),
         fmt::format("{}", counts.at_most(milliseconds(bound))));
  }
  const std::string all = fmt::format("{}", counts.count());
  line("_bucket", labels, "+Inf", all);
  line("_sum", labels, "", fmt::format("{}", in_seconds(counts.sum())));
  line("_count", labels, "", all);
}

void MetricsText::line(std::string_view suffix, Labels labels, std::string_view bound,
                       std::string_view value) {
  std::string all;
  for (const auto& [name, text] : labels) {
    all += fmt::format("{}{}=\"{}\"", all.empty() ? "" : ",", name, escaped(text));
  }
  if (!bound.empty()) all += fmt::format("{}le=\"{}\"", all.empty() ? "" : ",", bound);
  text_ += fmt::format("{}{}{} {}\n", family_, suffix, all.empty() ? "" : "{" + all + "}", value);
}

}  // namespace tealgate
