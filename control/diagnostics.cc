#include "control/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace tealgate {
namespace {

bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

// A longer line is not shown: its caret could not be seen.
constexpr std::size_t kLongestShown = 400;

// What to print under `line` to reach `column`: tabs stay tabs, so that the caret stands where the
// eye expects it.
std::string indent_to(std::string_view line, int column) {
  std::string indent;
  int characters = 0;
  for (char byte : line) {
    if (!begins_character(byte)) continue;
    if (++characters >= column) break;
    indent += byte == '\t' ? '\t' : ' ';
  }
  while (++characters < column) indent += ' ';
  return indent;
}

std::string place(const Diagnostic& found) {
  if (found.line == 0) return found.file;
  return fmt::format("{}:{}:{}", found.file, found.line, found.column);
}

}  // namespace

std::string render(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& found : diagnostics) {
    auto out = std::back_inserter(text);
    fmt::format_to(out, "{}: {}: {}\n", place(found), found.is_warning ? "warning" : "error",
                   found.message);
    if (!found.source_line.empty()) {
      fmt::format_to(out, "  {}\n", found.source_line);
      fmt::format_to(out, "  {}^\n", indent_to(found.source_line, found.column));
    }
    if (!found.hint.empty()) fmt::format_to(out, "  hint: {}\n", found.hint);
  }
  return text;
}

std::string render_line(const Diagnostic& diagnostic) {
  std::string text = fmt::format("{}: {}", place(diagnostic), diagnostic.message);
  if (!diagnostic.hint.empty()) text += fmt::format(" ({})", diagnostic.hint);
  return text;
}

Findings::Findings(std::string file, std::string_view text) : file_(std::move(file)) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines_.push_back(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
}

void Findings::error(TextPosition at, std::string message, std::string hint) {
  add(at, std::move(message), std::move(hint), false);
}

void Findings::warn(TextPosition at, std::string message, std::string hint) {
  add(at, std::move(message), std::move(hint), true);
}

bool Findings::has_errors() const {
  return errors_ > 0;
}

std::vector<Diagnostic> Findings::take() {
  std::ranges::stable_sort(
      found_, {}, [](const Diagnostic& found) { return std::tuple(found.line, found.column); });
  if (left_out_ > 0) {
    const bool is_warning = errors_ == 0;
    found_.push_back(
        Diagnostic{file_, 0, 0, fmt::format("and {} more", left_out_), "", "", is_warning});
  }
  errors_ = left_out_ = 0;
  return std::exchange(found_, {});
}

void Findings::add(TextPosition at, std::string message, std::string hint, bool is_warning) {
  if (!is_warning) ++errors_;
  if (found_.size() >= kMost) {
    ++left_out_;
    return;
  }
  const auto index = static_cast<std::size_t>(std::max(at.line, 0));
  const std::string_view line = index < lines_.size() ? lines_[index] : std::string_view();
  const auto bytes = std::min(static_cast<std::size_t>(std::max(at.column, 0)), line.size());
  const auto characters = std::ranges::count_if(line.substr(0, bytes), begins_character);
  const std::string_view shown = line.size() <= kLongestShown ? line : std::string_view();
  found_.push_back({.file = file_,
                    .line = at.line + 1,
                    .column = static_cast<int>(characters) + 1,
                    .message = std::move(message),
                    .hint = std::move(hint),
                    .source_line = std::string(shown),
                    .is_warning = is_warning});
}

}  // namespace tealgate
