#include "control/cli/fitted_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace tealgate::cli {
namespace {

struct Range {
  std::uint32_t first, last;
};

// What common terminals draw two columns wide.
constexpr std::array<Range, 10> kWide = {{{0x1100, 0x115f},
                                          {0x2e80, 0xa4cf},
                                          {0xac00, 0xd7a3},
                                          {0xf900, 0xfaff},
                                          {0xfe30, 0xfe6f},
                                          {0xff00, 0xff60},
                                          {0xffe0, 0xffe6},
                                          {0x1f300, 0x1f64f},
                                          {0x1f680, 0x1faff},
                                          {0x20000, 0x3fffd}}};
// Marks that join the character before them, and marks without a width.
constexpr std::array<Range, 4> kNarrow = {
    {{0x300, 0x36f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}}};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, std::uint32_t point) {
  return std::ranges::any_of(
      ranges, [point](const Range& range) { return point >= range.first && point <= range.last; });
}

std::size_t columns_of_point(std::uint32_t point) {
  if (point < 0x300) return 1;
  if (is_in(kNarrow, point)) return 0;
  return is_in(kWide, point) ? 2 : 1;
}

struct Character {
  std::size_t bytes;
  std::size_t columns;
};

// A byte that begins no character counts as one.
Character first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  static constexpr std::array<unsigned char, 5> kMask = {0, 0x7f, 0x1f, 0x0f, 0x07};
  std::uint32_t point = lead & kMask[wanted];
  std::size_t bytes = 1;
  while (bytes < wanted && bytes < text.size() &&
         (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) {
    point = (point << 6) | (static_cast<unsigned char>(text[bytes]) & 0x3f);
    ++bytes;
  }
  return {bytes, columns_of_point(point)};
}

std::string without_colours(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find("\x1b["), text.size());
    plain += text.substr(0, begin);
    const std::size_t end = text.find('m', begin);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return plain;
}

// How many rows a line takes where long ones are wrapped.
std::size_t rows_of(std::string_view line, std::size_t columns) {
  const std::size_t wide = columns_of(without_colours(line));
  return wide == 0 || columns == 0 ? 1 : (wide + columns - 1) / columns;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character next = first_of(text);
    columns += next.columns;
    text.remove_prefix(next.bytes);
  }
  return columns;
}

std::string cut_to(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::string_view rest = text;
  std::size_t room = columns - 1;
  for (;;) {
    const Character next = first_of(rest);
    if (next.columns > room) break;
    room -= next.columns;
    rest.remove_prefix(next.bytes);
  }
  return std::string(text.substr(0, text.size() - rest.size())) + "…";
}

std::string fit_rows(std::string_view text, std::size_t rows, std::size_t columns) {
  std::size_t used = 0;
  std::size_t fitting = 0;  // bytes of the lines above the last row but one
  std::size_t left_out = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    used += rows_of(text.substr(at, end - at - 1), columns);
    at = end;
    used + 2 <= rows ? fitting = end : ++left_out;
  }
  if (used + 1 <= rows) return std::string(text);
  const std::string note = fmt::format("… {} more line{}; a taller terminal shows {}", left_out,
                                       left_out == 1 ? "" : "s", left_out == 1 ? "it" : "them");
  return std::string(text.substr(0, fitting)) + cut_to(note, columns) + "\n";
}

std::string left(std::string_view text, std::size_t columns) {
  std::string cut = cut_to(text, columns);
  return cut + std::string(columns - columns_of(cut), ' ');
}

std::string right(std::string_view text, std::size_t columns) {
  std::string cut = cut_to(text, columns);
  return std::string(columns - columns_of(cut), ' ') + cut;
}

ScreenLine& ScreenLine::add(std::string text, Tone tone) {
  pieces_.push_back({std::move(text), tone});
  return *this;
}

std::string ScreenLine::text(std::size_t columns, Paint paint) const {
  std::string line;
  for (const Piece& piece : pieces_) {
    const std::string shown = cut_to(piece.text, columns);
    line += shown.empty() ? "" : painted(shown, piece.tone, paint);
    const std::size_t used = columns_of(shown);
    if (used < columns_of(piece.text)) break;
    columns -= used;
  }
  return line;
}

}  // namespace tealgate::cli
