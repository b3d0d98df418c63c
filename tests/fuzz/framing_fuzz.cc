// Where each message ends and what its body is, beside a second reading of RFC 9112 section 6 that
// is as slow and as obvious as can be. Whatever the parser takes for a whole message must be the
// same message to it.
//
// The first byte: bit 0 requests or responses, bit 1 whether the response answers HEAD.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "http/h1_parser.h"
#include "tests/fuzz/obvious_chunks.h"

using namespace tealgate;

namespace {

struct Message {
  std::size_t length = 0;  // from the first byte of the stream's rest, its empty lines among them
  std::string body;
  bool operator==(const Message&) const = default;
};

// The second reading.

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// All values of a field, each followed by a newline.
std::string values(const std::string& head, const std::string& name) {
  std::string found;
  std::size_t at = head.find("\r\n") + 2;
  while (at < head.size()) {
    const std::size_t end = head.find("\r\n", at);
    const std::string line = head.substr(at, end - at);
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && lower(line.substr(0, colon)) == name) {
      found += fuzz::without_space_around(line.substr(colon + 1)) + "\n";
    }
    at = end + 2;
  }
  return found;
}

// Nothing if it is not whole or has no one length.
std::optional<Message> read_message(const std::string& bytes, bool is_request, bool answers_head) {
  std::size_t begin = 0;
  while (is_request && bytes.substr(begin, 2) == "\r\n") begin += 2;
  const std::size_t head_end = bytes.find("\r\n\r\n", begin);
  if (head_end == std::string::npos) return std::nullopt;
  const std::size_t at = head_end + 4;
  const std::string head = bytes.substr(begin, head_end + 2 - begin);
  const std::string codings = lower(values(head, "transfer-encoding"));
  const std::string lengths = values(head, "content-length");
  if (!codings.empty() && codings != "chunked\n") return std::nullopt;
  if (!codings.empty() && !lengths.empty()) return std::nullopt;
  const int status = is_request ? 0 : std::atoi(head.c_str() + 9);
  const bool is_bodiless = answers_head || status == 204 || status == 304;
  if (!is_request && (is_bodiless || (status >= 100 && status < 200))) return Message{at, ""};
  if (!codings.empty()) {
    const auto chunks = fuzz::read_chunks(bytes, at);
    return chunks ? std::optional(Message{chunks->end, chunks->body}) : std::nullopt;
  }
  if (lengths.empty())
    return is_request ? Message{at, ""} : Message{bytes.size(), bytes.substr(at)};
  if (lengths.find_first_not_of("0123456789\n") != std::string::npos) return std::nullopt;
  if (std::count(lengths.begin(), lengths.end(), '\n') != 1) return std::nullopt;
  const std::string digits =
      lengths.substr(std::min(lengths.find_first_not_of('0'), lengths.size() - 1));
  if (digits.size() > 18) return std::nullopt;
  const std::size_t length = std::stoull("0" + digits);
  if (bytes.size() < at + length) return std::nullopt;
  return Message{at + length, bytes.substr(at, length)};
}

// The first: one message from the front of `bytes`, if it is whole.

std::optional<Message> parse(H1Parser& parser, std::string_view bytes, bool is_request,
                             bool answers_head) {
  Message message;
  RequestHead request;
  ResponseHead response;
  const auto head =
      is_request ? parser.parse_request_head(bytes, request)
                 : parser.parse_response_head(bytes, answers_head ? "HEAD" : "GET", response);
  if (head.outcome != H1Parser::HeadStep::Outcome::Complete) return std::nullopt;
  message.length = head.consumed;
  if (!is_request && response.is_interim()) return message;
  while (true) {
    const auto step = parser.parse_body(bytes.substr(message.length));
    message.length += step.consumed;
    message.body.append(step.data);
    if (step.failure != Failure::None) return std::nullopt;
    if (step.complete) return message;
    if (message.length == bytes.size()) break;
  }
  if (!parser.finish().complete) return std::nullopt;
  return message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const bool is_request = (data[0] & 1) == 0;
  const bool answers_head = (data[0] & 2) != 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  H1Parser parser(is_request ? H1Parser::Role::Requests : H1Parser::Role::Responses);
  while (!bytes.empty()) {
    const auto parsed = parse(parser, bytes, is_request, answers_head);
    if (!parsed) break;
    const auto obvious = read_message(bytes, is_request, answers_head);
    if (obvious != parsed) std::abort();
    bytes.erase(0, parsed->length);
    parser.next_message();
  }
  return 0;
}
