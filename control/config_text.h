// Looks at a config file's text itself, before and after the YAML parser: is it text, and what did
// its author mean where the parser only says "illegal map value"?
//
// Pure; it knows YAML's pitfalls but not yaml-cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/diagnostics.h"

namespace tealgate {

struct Complaint {
  TextPosition at;
  std::string message;
  std::string hint;
};

// Empty, not UTF-8, control characters (a binary file), another encoding. A complaint with line -1
// is about the whole file.
std::optional<Complaint> examine_text(std::string_view text);

// What a YAML parser said, and what it was in the middle of.
struct SyntaxError {
  TextPosition at;
  std::string message;
  std::optional<TextPosition> open_flow;  // the innermost [ or { that was still open
};

// The same in an operator's terms, at the place to change. Most mistakes are a missing quote, space
// or indentation.
Complaint explain_syntax_error(std::string_view text, const SyntaxError& error);

// The first line that ends a document or begins another (`---`, `...`) behind some content.
std::optional<TextPosition> find_document_break(std::string_view text);

}  // namespace tealgate
