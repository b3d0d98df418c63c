#include "base/suggest.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace tealgate {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Optimal string alignment: Levenshtein with swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  auto same = [&](std::size_t i, std::size_t j) { return lower(a[i - 1]) == lower(b[j - 1]); };
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same(i, j) ? 0u : 1u)});
      if (i > 1 && j > 1 && same(i, j - 1) && same(i - 1, j)) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row.back();
}

// Beyond a third of the word it is another word; a short word may have two errors if half of it is
// right.
bool is_near(std::size_t distance, std::size_t word, std::size_t candidate) {
  return distance <= std::max<std::size_t>(2, word / 3) &&
         2 * distance <= std::max(word, candidate);
}

template <class Text>
std::string nearest(std::string_view word, std::span<const Text> candidates) {
  std::string best;
  std::size_t best_distance = std::string::npos;
  for (const Text& candidate : candidates) {
    std::size_t distance = edit_distance(word, candidate);
    if (distance >= best_distance || !is_near(distance, word.size(), candidate.size())) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

}  // namespace

std::string suggest(std::string_view word, std::span<const std::string> candidates) {
  return nearest(word, candidates);
}

std::string suggest(std::string_view word, std::span<const std::string_view> candidates) {
  return nearest(word, candidates);
}

}  // namespace tealgate
