#include "base/json.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace tealgate {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr char kHex[] = "0123456789abcdef";

bool is_plain(unsigned char byte) {
  return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

struct Sequence {
  std::size_t size = 1;  // bytes to go on by
  bool is_valid = false;
};

bool is_between(unsigned char byte, unsigned char low, unsigned char high) {
  return byte >= low && byte <= high;
}

// The UTF-8 sequence at the start of `text`; an invalid one as long as it could have become valid
// (Unicode's "maximal subpart", table 3-7), so that it is replaced by one character.
Sequence sequence_at(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char lead = byte(0);
  std::size_t size = is_between(lead, 0xc2, 0xdf)   ? 2
                     : is_between(lead, 0xe0, 0xef) ? 3
                     : is_between(lead, 0xf0, 0xf4) ? 4
                                                    : 0;
  if (size == 0) return {1, false};
  unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  for (std::size_t i = 1; i < size; ++i) {
    if (i >= text.size() || !is_between(byte(i), low, high)) return {i, false};
    low = 0x80;
    high = 0xbf;
  }
  return {size, true};
}

void append_code(std::string& out, unsigned char code) {
  out += "\\u00";
  out += kHex[code >> 4];
  out += kHex[code & 0xf];
}

void append_special_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      append_code(out, static_cast<unsigned char>(c));
  }
}

std::size_t append_sequence(std::string& out, std::string_view rest) {
  Sequence sequence = sequence_at(rest);
  bool is_c1_control =
      sequence.is_valid && rest[0] == '\xc2' && static_cast<unsigned char>(rest[1]) < 0xa0;
  if (is_c1_control) {
    append_code(out, static_cast<unsigned char>(rest[1]));
  } else {
    out += sequence.is_valid ? rest.substr(0, sequence.size) : kReplacement;
  }
  return sequence.size;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t i = 0;
  while (i < text.size()) {
    std::size_t start = i;
    while (i < text.size() && is_plain(static_cast<unsigned char>(text[i]))) ++i;
    out.append(text, start, i - start);
    if (i == text.size()) break;
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      append_special_ascii(out, text[i++]);
    } else {
      i += append_sequence(out, text.substr(i));
    }
  }
  out += '"';
}

void JsonWriter::begin_object() {
  begin_value();
  out_ += '{';
  needs_comma_ = false;
}

void JsonWriter::end_object() {
  out_ += '}';
  needs_comma_ = true;
}

void JsonWriter::begin_array() {
  begin_value();
  out_ += '[';
  needs_comma_ = false;
}

void JsonWriter::end_array() {
  out_ += ']';
  needs_comma_ = true;
}

void JsonWriter::key(std::string_view name) {
  begin_value();
  append_json_string(out_, name);
  out_ += ':';
  needs_comma_ = false;
}

void JsonWriter::value(std::string_view text) {
  begin_value();
  append_json_string(out_, text);
}

void JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  begin_value();
  fmt::format_to(std::back_inserter(out_), "{}", number);
}

void JsonWriter::null() {
  begin_value();
  out_ += "null";
}

void JsonWriter::thousandths(std::int64_t number) {
  begin_value();
  if (number < 0) out_ += '-';
  std::uint64_t size =
      number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
  fmt::format_int whole(size / 1000);
  out_.append(whole.data(), whole.size());
  auto rest = static_cast<unsigned>(size % 1000);
  if (rest == 0) return;
  const char digits[] = {'.', static_cast<char>('0' + rest / 100),
                         static_cast<char>('0' + rest / 10 % 10),
                         static_cast<char>('0' + rest % 10)};
  out_.append(digits, rest % 10 != 0 ? 4 : rest % 100 != 0 ? 3 : 2);
}

void JsonWriter::boolean(bool flag) {
  begin_value();
  out_ += flag ? "true" : "false";
}

void JsonWriter::integer(std::int64_t number) {
  begin_value();
  fmt::format_int digits(number);
  out_.append(digits.data(), digits.size());
}

void JsonWriter::unsigned_integer(std::uint64_t number) {
  begin_value();
  fmt::format_int digits(number);
  out_.append(digits.data(), digits.size());
}

void JsonWriter::begin_value() {
  if (needs_comma_) out_ += ',';
  needs_comma_ = true;
}

}  // namespace tealgate
