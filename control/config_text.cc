#include "control/config_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/utf8.h"

namespace tealgate {
namespace {

using Lines = std::vector<std::string_view>;

Lines split_lines(std::string_view text) {
  Lines lines;
  while (true) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

std::size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(" \t"), line.size());
}

bool is_blank(std::string_view line) {
  const std::size_t begin = indent_of(line);
  return begin == line.size() || line[begin] == '#';
}

// Where the text has a byte that no config has, and which.
std::optional<Complaint> examine_bytes(std::string_view text) {
  TextPosition at;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0) {
      return Complaint{at, fmt::format("not valid UTF-8: byte 0x{:02x}", byte),
                       "save the file as UTF-8"};
    }
    const bool is_line_end = byte == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && !is_line_end) || byte == 0x7F) {
      return Complaint{at, fmt::format("a control character: byte 0x{:02x}", byte),
                       "is this a text file with Unix line ends?"};
    }
    at = byte == '\n' ? TextPosition{at.line + 1, 0}
                      : TextPosition{at.line, at.column + static_cast<int>(length)};
    i += length;
  }
  return std::nullopt;
}

// One syntax error with the lines around it.
class Explainer {
 public:
  Explainer(std::string_view text, const SyntaxError& error)
      : lines_(split_lines(text)), error_(error) {
    while (lines_.size() > 1 && is_blank(lines_.back())) lines_.pop_back();
    const auto last = static_cast<int>(lines_.size()) - 1;
    is_past_end_ = error.at.line > last;
    line_ = std::clamp(error.at.line, 0, last);
    column_ = is_past_end_ ? lines_.back().size()
                           : static_cast<std::size_t>(std::max(error.at.column, 0));
    column_ = std::min(column_, line().size());
  }

  Complaint explain() const {
    using Guess = std::optional<Complaint> (Explainer::*)() const;
    for (Guess guess : {&Explainer::tab, &Explainer::alias, &Explainer::substitution,
                        &Explainer::bracketed_address, &Explainer::open_flow, &Explainer::reserved,
                        &Explainer::escape, &Explainer::missing_space, &Explainer::colon_in_value,
                        &Explainer::list_on_key_line, &Explainer::stray_close,
                        &Explainer::after_quote, &Explainer::indentation, &Explainer::no_key}) {
      if (std::optional<Complaint> found = (this->*guess)()) return *found;
    }
    return at(line_, column_, fmt::format("not valid YAML: {}", error_.message),
              "check the quotes and the indentation of this line and the one above");
  }

 private:
  std::string_view line(int number) const { return lines_[static_cast<std::size_t>(number)]; }
  std::string_view line() const { return line(line_); }
  char here() const { return column_ < line().size() ? line()[column_] : '\0'; }
  bool says(std::string_view words) const {
    return error_.message.find(words) != std::string::npos;
  }
  std::string_view word_at(std::size_t begin) const {
    const std::string_view rest = line().substr(begin);
    return rest.substr(0, rest.find_first_of(" \t,"));
  }

  static Complaint at(int line, std::size_t column, std::string message, std::string hint) {
    return {{line, static_cast<int>(column)}, std::move(message), std::move(hint)};
  }
  static std::string quoted(std::string_view word) { return fmt::format("quote it: \"{}\"", word); }

  // The last line before `number` that has content, or -1.
  int line_before(int number) const {
    do {
      --number;
    } while (number >= 0 && is_blank(line(number)));
    return number;
  }

  std::optional<Complaint> tab() const {
    for (int number : {line_, line_before(line_)}) {
      if (number < 0) continue;
      const std::size_t found = line(number).substr(0, indent_of(line(number))).find('\t');
      if (found != std::string_view::npos)
        return at(number, found, "a tab in the indentation", "indent with spaces");
    }
    return std::nullopt;
  }

  std::optional<Complaint> alias() const {
    if (here() != '*' && here() != '&') return std::nullopt;
    std::string_view word = word_at(column_);
    while (word.ends_with(']') || word.ends_with('}')) word.remove_suffix(1);
    return at(
        line_, column_,
        fmt::format("\"{}\" begins with {}, which means something else in YAML", word, here()),
        quoted(word));
  }

  std::optional<Complaint> substitution() const {
    if (here() != '{' || column_ == 0 || line()[column_ - 1] != '$') return std::nullopt;
    std::string_view word = line().substr(column_ - 1);
    word = word.substr(0, std::min(word.find('}'), word.size() - 1) + 1);
    return at(line_, column_ - 1, "a ${…} inside { } or [ ] must be quoted", quoted(word));
  }

  std::optional<Complaint> bracketed_address() const {
    const std::size_t close = line().rfind("]:", column_ + 1);
    if (close == std::string_view::npos) return std::nullopt;
    const std::size_t open = line().rfind('[', close);
    if (open == std::string_view::npos) return std::nullopt;
    std::string_view word = word_at(open);
    return at(line_, open, "an address in brackets must be quoted", quoted(word));
  }

  std::optional<Complaint> open_flow() const {
    if (!error_.open_flow || !says("flow not found")) return std::nullopt;
    const char bracket = lines_[static_cast<std::size_t>(error_.open_flow->line)]
                               [static_cast<std::size_t>(error_.open_flow->column)];
    return Complaint{*error_.open_flow,
                     fmt::format("this {} is never closed, or lacks a comma", bracket),
                     fmt::format("close it with {}", bracket == '{' ? '}' : ']')};
  }

  std::optional<Complaint> reserved() const {
    if (here() == '\0' || std::string_view("@%`").find(here()) == std::string_view::npos)
      return std::nullopt;
    return at(line_, column_, fmt::format("a value cannot begin with {}", here()),
              quoted(word_at(column_)));
  }

  std::optional<Complaint> escape() const {
    if (!says("escape") && !says("hex") && !says("unicode")) return std::nullopt;
    return at(line_, column_, "an escape that YAML does not know",
              "use single quotes: they take \\ as it is");
  }

  // `key:value`, which YAML takes for one word. The error shows up where the next key's colon is.
  std::optional<Complaint> missing_space() const {
    if (here() != ':' && !is_past_end_) return std::nullopt;
    for (int number : {is_past_end_ ? line_ : line_before(line_), line_}) {
      if (number < 0) continue;
      const std::string_view text = line(number);
      std::size_t begin = indent_of(text);
      while (text.substr(begin).starts_with("- "))
        begin = std::min(text.find_first_not_of(' ', begin + 1), text.size());
      const std::size_t colon = text.find(':', begin);
      if (colon == std::string_view::npos || colon == begin || colon + 1 == text.size()) continue;
      const std::string_view key = text.substr(begin, colon - begin);
      if (text[colon + 1] == ' ' || key.find_first_of(" \"'#{[$") != std::string_view::npos)
        continue;
      return at(number, colon, fmt::format("no space after \"{}:\"", key),
                fmt::format("write \"{}: {}\"", key, text.substr(colon + 1)));
    }
    return std::nullopt;
  }

  std::optional<Complaint> colon_in_value() const {
    if (here() != ':') return std::nullopt;
    const std::size_t first = line().find(": ");
    if (first == std::string_view::npos || first >= column_) return std::nullopt;
    const std::string_view value = line().substr(first + 2);
    return at(line_, column_, "a second \": \" in one line", quoted(value));
  }

  std::optional<Complaint> list_on_key_line() const {
    if (!says("block entry")) return std::nullopt;
    return at(line_, column_, "a list with dashes begins on a line of its own",
              "put \"- …\" on the next line, or write [a, b]");
  }

  std::optional<Complaint> stray_close() const {
    if (!says("flow end")) return std::nullopt;
    return at(line_, column_, fmt::format("this {} closes nothing", here()),
              "take it out, or open it before");
  }

  std::optional<Complaint> after_quote() const {
    if (!says("end of map not found") || column_ < 2) return std::nullopt;
    const std::string_view before = line().substr(0, column_);
    const std::size_t last = before.find_last_not_of(' ');
    if (last == std::string_view::npos || (before[last] != '"' && before[last] != '\''))
      return std::nullopt;
    return at(line_, column_, "text after a closing quote",
              "put the quotes around the whole value");
  }

  std::optional<Complaint> indentation() const {
    const int above = line_before(line_);
    if (above < 0 || is_past_end_) return std::nullopt;
    const std::size_t indent = indent_of(line());
    const bool is_deeper_than_value = here() == ':' && indent > indent_of(line(above));
    if (!is_deeper_than_value && !says("end of map not found") &&
        !says("end of sequence not found"))
      return std::nullopt;
    return at(line_, indent, "the indentation fits no line above",
              "keys of one map begin in the same column");
  }

  std::optional<Complaint> no_key() const {
    for (int number : {is_past_end_ ? line_ : line_before(line_), line_}) {
      if (number < 0 || line(number).find(':') != std::string_view::npos) continue;
      return at(number, indent_of(line(number)), "a line without \"key:\"",
                "write \"key: value\", or \"- value\" in a list");
    }
    return std::nullopt;
  }

  Lines lines_;
  const SyntaxError& error_;
  bool is_past_end_ = false;
  int line_ = 0;
  std::size_t column_ = 0;
};

}  // namespace

std::optional<Complaint> examine_text(std::string_view text) {
  const TextPosition whole{-1, 0};
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
    return Complaint{whole, "is UTF-16, not UTF-8", "save the file as UTF-8"};
  if (text.find('\0') != std::string_view::npos)
    return Complaint{whole, "is a binary file, not a text", ""};
  const Lines lines = split_lines(text);
  if (std::ranges::all_of(lines, is_blank))
    return Complaint{whole, "is empty: it needs at least \"listen\" and \"services\"", ""};
  return examine_bytes(text);
}

Complaint explain_syntax_error(std::string_view text, const SyntaxError& error) {
  return Explainer(text, error).explain();
}

std::optional<TextPosition> find_document_break(std::string_view text) {
  const Lines lines = split_lines(text);
  bool has_content = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    const bool is_mark = (line.starts_with("---") || line.starts_with("...")) &&
                         (line.size() == 3 || line[3] == ' ' || line[3] == '\t');
    if (is_mark && has_content) return TextPosition{static_cast<int>(i), 0};
    has_content = has_content || (!is_mark && !is_blank(line) && !line.starts_with('%'));
  }
  return std::nullopt;
}

}  // namespace tealgate
