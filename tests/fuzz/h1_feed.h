// What the fuzz targets of the HTTP/1.1 parser share: bytes fed whole and in pieces must come to
// the same.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http/h1_parser.h"

namespace tealgate::fuzz {

inline void demand(bool holds) {
  if (!holds) std::abort();
}

// All that came out of a stream of messages: heads written down, bodies, and how it ended.
struct Transcript {
  std::string text;
  Failure failure = Failure::None;
  bool operator==(const Transcript&) const = default;
};

inline void write_down(std::string& text, std::string_view start, const Head& head) {
  text.append(start).append(1, '\n');
  for (const Field& field : head.fields) {
    text.append(field.name).append(1, ':').append(field.value).append(1, '\n');
  }
  text.append(std::to_string(static_cast<int>(head.framing.kind))).append(1, ' ');
  text.append(std::to_string(head.framing.length)).append(head.keep_alive ? " k\n" : " c\n");
}

class Reader {
 public:
  explicit Reader(H1Parser::Role role, std::string_view method)
      : role_(role), method_(method), parser_(role, limits()) {}

  static HeadLimits limits() {
    return {.head_bytes = 512, .target_bytes = 128, .fields = 12, .trailer_bytes = 64};
  }

  void feed(std::string_view bytes) {
    // A copy of exactly that size lets the sanitizer see reads beyond a piece.
    const std::vector<char> copy(bytes.begin(), bytes.end());
    std::string_view rest(copy.data(), copy.size());
    while (transcript_.failure == Failure::None && !rest.empty()) {
      const std::size_t taken = in_body_ ? take_body(rest) : take_head(rest);
      demand(taken <= rest.size());
      rest.remove_prefix(taken);
    }
  }

  Transcript finish() {
    if (transcript_.failure == Failure::None) {
      const H1Parser::BodyStep step = parser_.finish();
      transcript_.failure = step.failure;
      transcript_.text += step.complete ? "complete" : "cut";
    }
    return transcript_;
  }

 private:
  std::size_t take_head(std::string_view bytes) {
    RequestHead request;
    ResponseHead response;
    const bool is_request = role_ == H1Parser::Role::Requests;
    const H1Parser::HeadStep step = is_request
                                        ? parser_.parse_request_head(bytes, request)
                                        : parser_.parse_response_head(bytes, method_, response);
    using Outcome = H1Parser::HeadStep::Outcome;
    demand((step.outcome == Outcome::Failed) == (step.failure != Failure::None));
    transcript_.failure = step.failure;
    if (step.outcome == Outcome::NeedMore) demand(step.consumed == bytes.size());
    if (step.outcome != Outcome::Complete) return step.consumed;
    demand(step.consumed > 0);
    if (is_request) {
      demand(request.block.size() <= limits().head_bytes && !request.path.empty());
      write_down(transcript_.text, request.block.substr(0, request.block.find('\r')), request);
    } else {
      write_down(transcript_.text, std::to_string(response.status), response);
    }
    in_body_ = !response.is_interim();
    in_body_ ? note(parser_.parse_body({})) : parser_.next_message();
    return step.consumed;
  }

  std::size_t take_body(std::string_view bytes) {
    const H1Parser::BodyStep step = parser_.parse_body(bytes);
    demand(step.complete || step.consumed > 0 || step.failure != Failure::None);
    note(step);
    return step.consumed;
  }

  void note(const H1Parser::BodyStep& step) {
    transcript_.text.append(step.data);
    transcript_.failure = step.failure;
    if (!step.complete) return;
    for (const Field& field : parser_.trailers()) {
      transcript_.text.append(field.name).append(1, ':').append(field.value).append(1, '\n');
    }
    transcript_.text += "|";
    parser_.next_message();
    in_body_ = false;
  }

  H1Parser::Role role_;
  std::string_view method_;
  H1Parser parser_;
  Transcript transcript_;
  bool in_body_ = false;
};

// The first byte decides how the rest is cut.
inline void check_cuts(H1Parser::Role role, std::string_view method, std::uint8_t seed,
                       std::string_view bytes) {
  Reader whole(role, method);
  whole.feed(bytes);
  const Transcript expected = whole.finish();
  Reader pieces(role, method);
  std::uint32_t random = seed;
  while (!bytes.empty()) {
    random = random * 1664525 + 1013904223;
    const std::size_t size = seed == 0 ? 1 : 1 + (random >> 16) % (1 + seed % 64);
    pieces.feed(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  demand(pieces.finish() == expected);
}

}  // namespace tealgate::fuzz
