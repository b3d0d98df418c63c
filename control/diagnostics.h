// What is wrong in a text that an operator wrote: each finding with its place, and how it is shown.
//
// Findings collects while a file is read; nothing here knows YAML or what the keys mean.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tealgate {

struct Diagnostic {
  std::string file;
  int line = 0;    // from 1; 0: the file as a whole
  int column = 0;  // from 1, in characters
  std::string message;
  std::string hint;         // what would be right; may be empty
  std::string source_line;  // as written, without its line end; empty if it is too long to be shown
  bool is_warning = false;
};

// "file:7:5: error: unknown key", the line, a caret, and the hint, for each in turn.
std::string render(const std::vector<Diagnostic>& diagnostics);

// "file:7:5: unknown key (did you mean …?)": for a place that has one line.
std::string render_line(const Diagnostic& diagnostic);

// A place in a text, as byte offsets from 0.
struct TextPosition {
  int line = 0;
  int column = 0;
};

// Collects what is wrong with one text. Keeps a view of it: the text must outlive this.
class Findings {
 public:
  Findings(std::string file, std::string_view text);

  void error(TextPosition at, std::string message, std::string hint = {});
  void warn(TextPosition at, std::string message, std::string hint = {});
  bool has_errors() const;
  std::size_t errors() const { return errors_; }

  // The findings so far, in the order of the text; this is empty afterwards. Beyond kMost they are
  // only counted, in a last finding of its own.
  std::vector<Diagnostic> take();

  static constexpr std::size_t kMost = 200;

 private:
  void add(TextPosition at, std::string message, std::string hint, bool is_warning);

  std::string file_;
  std::vector<std::string_view> lines_;
  std::vector<Diagnostic> found_;
  std::size_t errors_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace tealgate
