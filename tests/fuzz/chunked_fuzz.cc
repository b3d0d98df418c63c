// Chunked bodies alone: whatever the parser takes for a whole body has the same end, data and
// trailers in a second, obvious reading; and written anew, as a proxy sends it on, it is read as
// the same again, with the trailers that may go on.
//
// The first byte: bit 0 a request's body or a response's.
#include <cstdint>
#include <string>
#include <string_view>

#include "http/h1_writer.h"
#include "http/trailers.h"
#include "tests/fuzz/h1_feed.h"
#include "tests/fuzz/obvious_chunks.h"

using namespace tealgate;
using fuzz::Chunks;
using fuzz::demand;

namespace {

constexpr std::string_view kRequest =
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view kResponse = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

// With trailers that point into `bytes`, or nothing if it is not whole.
class Parsed {
 public:
  Parsed(H1Parser::Role role, const std::string& bytes) : parser_(role) {
    RequestHead request;
    ResponseHead response;
    const auto head = role == H1Parser::Role::Requests
                          ? parser_.parse_request_head(kRequest, request)
                          : parser_.parse_response_head(kResponse, "GET", response);
    demand(head.outcome == H1Parser::HeadStep::Outcome::Complete);
    while (chunks_.end < bytes.size()) {
      const auto step = parser_.parse_body(std::string_view(bytes).substr(chunks_.end));
      if (step.failure != Failure::None) return;
      chunks_.end += step.consumed;
      chunks_.body.append(step.data);
      is_whole_ = step.complete;
      if (is_whole_) break;
    }
    for (const Field& field : parser_.trailers()) {
      chunks_.trailers.emplace_back(field.name, field.value);
    }
  }

  bool is_whole() const { return is_whole_; }
  const Chunks& chunks() const { return chunks_; }
  const std::vector<Field>& trailers() const { return parser_.trailers(); }

 private:
  H1Parser parser_;
  Chunks chunks_;
  bool is_whole_ = false;
};

void check_written_anew(H1Parser::Role role, const Parsed& parsed) {
  std::string sent;
  if (!parsed.chunks().body.empty()) {
    append_chunk_head(sent, parsed.chunks().body.size());
    sent.append(parsed.chunks().body).append(kChunkEnd);
  }
  std::string trailers;
  append_trailers(trailers, parsed.trailers(), nullptr);
  append_last_chunk(sent, trailers);
  const Parsed again(role, sent);
  demand(again.is_whole() && again.chunks().end == sent.size());
  demand(again.chunks().body == parsed.chunks().body);
  std::vector<std::pair<std::string, std::string>> expected;
  for (const auto& one : parsed.chunks().trailers) {
    if (may_be_trailer(one.first)) expected.push_back(one);
  }
  demand(again.chunks().trailers == expected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto role = (data[0] & 1) == 0 ? H1Parser::Role::Requests : H1Parser::Role::Responses;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Parsed parsed(role, bytes);
  if (!parsed.is_whole()) return 0;
  const auto obvious = fuzz::read_chunks(bytes, 0);
  demand(obvious && obvious->end == parsed.chunks().end);
  demand(obvious->body == parsed.chunks().body && obvious->trailers == parsed.chunks().trailers);
  check_written_anew(role, parsed);
  return 0;
}
