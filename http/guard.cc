#include "http/guard.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "http/field_list.h"

namespace tealgate {

namespace {

constexpr std::array<bool, 256> token_table() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c :
       {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) {
    table[static_cast<std::size_t>(c)] = true;
  }
  return table;
}

constexpr std::array<bool, 256> kTokenChars = token_table();

bool is_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Eight bytes at once: none below 0x20, none 0x7f.
bool are_plain_value_chars(const char* bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  const std::uint64_t below_space = (word - kOnes * 0x20) & ~word & kHighs;
  const std::uint64_t deleted = word ^ (kOnes * 0x7f);
  return (below_space | ((deleted - kOnes) & ~deleted & kHighs)) == 0;
}

// The block's bytes from the front. A block ends with CRLF, so that every loop here meets a byte
// that it does not take.
class Reader {
 public:
  explicit Reader(std::string_view block) : at_(block.data()), end_(block.data() + block.size()) {}

  bool is_at_end() const { return at_ == end_; }
  char peek() const { return at_ < end_ ? *at_ : '\0'; }
  std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }
  void skip(std::size_t bytes) { at_ += bytes; }

  bool take(std::string_view expected) {
    if (!rest().starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }

  std::string_view take_token() {
    const char* const begin = at_;
    while (at_ < end_ && kTokenChars[static_cast<unsigned char>(*at_)]) ++at_;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }

  // Visible ASCII (RFC 9112 3.2): neither space nor control nor 8-bit characters.
  std::string_view take_visible() {
    const char* const begin = at_;
    while (at_<end_&& * at_> 0x20 && *at_ < 0x7f) ++at_;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }

  std::string_view take_value() {
    const char* const begin = at_;
    while (end_ - at_ >= 8 && are_plain_value_chars(at_)) at_ += 8;
    while (at_ < end_ && is_value_char(*at_)) ++at_;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }

  void skip_white_space() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t')) ++at_;
  }

 private:
  const char* at_;
  const char* end_;
};

// What stands where CRLF should.
HeadFault not_a_line_end(const Reader& reader) {
  if (reader.peek() == '\r') return {Failure::BadRequest, "a CR without LF"};
  if (reader.peek() == '\n') return {Failure::BadRequest, "an LF without CR"};
  return {Failure::BadRequest, "a control character in the head"};
}

HeadFault read_field(Reader& reader, Field& field) {
  const char first = reader.peek();
  if (first == ' ' || first == '\t') return {Failure::BadRequest, "a folded field line"};
  field.name = reader.take_token();
  if (reader.peek() != ':') {
    const char next = reader.peek();
    if (next == ' ' || next == '\t') {
      return {Failure::BadRequest, "white space between a field name and its colon"};
    }
    return {Failure::BadRequest, "a malformed field name"};
  }
  if (field.name.empty()) return {Failure::BadRequest, "an empty field name"};
  reader.skip(1);
  reader.skip_white_space();
  field.value = reader.take_value();
  if (!reader.take("\r\n")) return not_a_line_end(reader);
  field.value = trimmed(field.value);
  return {};
}

HeadFault read_fields(Reader& reader, std::size_t max_fields, std::vector<Field>& fields) {
  fields.clear();
  fields.reserve(16);
  while (!reader.take("\r\n")) {
    if (fields.size() == max_fields) return {Failure::HeadTooLarge, "too many fields"};
    Field field;
    if (const HeadFault fault = read_field(reader, field)) return fault;
    fields.push_back(field);
  }
  if (!reader.is_at_end()) return {Failure::BadRequest, "an empty line inside the head"};
  return {};
}

// "HTTP/1.1" or "HTTP/1.0".
HeadFault read_version(Reader& reader, std::uint8_t& minor_version) {
  if (reader.take("HTTP/1.1")) {
    minor_version = 1;
    return {};
  }
  if (reader.take("HTTP/1.0")) {
    minor_version = 0;
    return {};
  }
  const std::string_view rest = reader.rest();
  const bool is_version = rest.size() >= 8 && rest.starts_with("HTTP/") && is_digit(rest[5]) &&
                          rest[6] == '.' && is_digit(rest[7]);
  if (is_version && (rest.size() == 8 || !is_value_char(rest[8]))) {
    return {Failure::UnsupportedVersion, "a version of HTTP other than 1.0 and 1.1"};
  }
  return {Failure::BadRequest, "not HTTP"};
}

HeadFault read_request_line(Reader& reader, RequestHead& head) {
  head.method = reader.take_token();
  if (head.method.empty() || !reader.take(" ")) {
    return {Failure::BadRequest, "a malformed request line"};
  }
  head.target = reader.take_visible();
  if (head.target.empty()) return {Failure::BadRequest, "no request target"};
  if (!reader.take(" ")) {
    return {Failure::BadRequest, reader.peek() == '\r' ? "a request line without a version"
                                                       : "a malformed request target"};
  }
  if (const HeadFault fault = read_version(reader, head.minor_version)) return fault;
  if (!reader.take("\r\n")) return {Failure::BadRequest, "a malformed request line"};
  return {};
}

HeadFault read_status_line(Reader& reader, ResponseHead& head) {
  if (const HeadFault fault = read_version(reader, head.minor_version)) return fault;
  const std::string_view rest = reader.rest();
  const bool has_code = rest.size() >= 4 && rest[0] == ' ' && rest[1] >= '1' && is_digit(rest[1]) &&
                        is_digit(rest[2]) && is_digit(rest[3]);
  if (!has_code) return {Failure::BadResponse, "a malformed status line"};
  head.status = (rest[1] - '0') * 100 + (rest[2] - '0') * 10 + (rest[3] - '0');
  reader.skip(4);
  head.reason = {};
  // The space is often left out together with the reason.
  if (reader.take(" ")) head.reason = reader.take_value();
  if (!reader.take("\r\n")) return {Failure::BadResponse, "a malformed status line"};
  return {};
}

}  // namespace

bool is_token_char(char c) {
  return kTokenChars[static_cast<unsigned char>(c)];
}

HeadFault read_request_block(std::string_view block, std::size_t max_fields, RequestHead& head) {
  Reader reader(block);
  head.block = block;
  if (const HeadFault fault = read_request_line(reader, head)) return fault;
  return read_fields(reader, max_fields, head.fields);
}

HeadFault read_response_block(std::string_view block, std::size_t max_fields, ResponseHead& head) {
  Reader reader(block);
  head.block = block;
  HeadFault fault = read_status_line(reader, head);
  if (!fault) fault = read_fields(reader, max_fields, head.fields);
  if (fault) fault.failure = Failure::BadResponse;
  return fault;
}

HeadFault read_trailer_block(std::string_view block, std::size_t max_fields,
                             std::vector<Field>& trailers) {
  Reader reader(block);
  return read_fields(reader, max_fields, trailers);
}

}  // namespace tealgate
