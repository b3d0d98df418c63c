// The tests' words for feeding an H1Parser: whole, cut in two, or byte by byte; and what came out,
// by value.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/h1_parser.h"

namespace tealgate {

struct ParsedMessage {
  Failure failure = Failure::None;  // None and not complete: more is needed
  std::string detail;
  bool head_complete = false;
  bool complete = false;
  std::string body;
  std::string rest;  // bytes that belong to the next message
  // Of the head.
  std::string start;  // "GET /path" or "200 OK"
  std::string path, query, authority;
  std::vector<std::pair<std::string, std::string>> fields, trailers;
  Framing framing;
  bool keep_alive = false;

  bool operator==(const ParsedMessage& other) const {
    return failure == other.failure && head_complete == other.head_complete &&
           complete == other.complete && body == other.body && rest == other.rest &&
           start == other.start && path == other.path && query == other.query &&
           authority == other.authority && fields == other.fields && trailers == other.trailers &&
           framing.kind == other.framing.kind && framing.length == other.framing.length &&
           keep_alive == other.keep_alive;
  }
};

// Feeds pieces to one parser, as a connection does.
class Feeder {
 public:
  explicit Feeder(H1Parser::Role role, const HeadLimits& limits = {},
                  std::string_view method = "GET")
      : role_(role), method_(method), parser_(role, limits) {}

  void feed(std::string_view bytes) {
    while (is_open() && !bytes.empty()) bytes.remove_prefix(step(bytes));
    if (message_.complete) message_.rest.append(bytes);
  }
  void finish() {
    if (is_open()) note(parser_.finish());
  }
  // Every interim head of a response goes here.
  std::vector<int> interims;
  const ParsedMessage& message() const { return message_; }
  H1Parser& parser() { return parser_; }

 private:
  bool is_open() const { return !message_.complete && message_.failure == Failure::None; }

  std::size_t step(std::string_view bytes) {
    return message_.head_complete ? take_body(bytes) : take_head(bytes);
  }

  std::size_t take_body(std::string_view bytes) {
    const H1Parser::BodyStep step = parser_.parse_body(bytes);
    note(step);
    return message_.failure == Failure::None ? step.consumed : bytes.size();
  }

  void note(const H1Parser::BodyStep& step) {
    message_.body.append(step.data);
    message_.complete = step.complete;
    for (const Field& field : parser_.trailers()) {
      message_.trailers.emplace_back(field.name, field.value);
    }
    message_.failure = step.failure;
    message_.detail = step.detail;
  }

  std::size_t take_head(std::string_view bytes) {
    RequestHead request;
    ResponseHead response;
    const bool is_request = role_ == H1Parser::Role::Requests;
    const H1Parser::HeadStep step = is_request
                                        ? parser_.parse_request_head(bytes, request)
                                        : parser_.parse_response_head(bytes, method_, response);
    message_.failure = step.failure;
    message_.detail = step.detail;
    if (step.outcome == H1Parser::HeadStep::Outcome::Failed) return bytes.size();
    if (step.outcome == H1Parser::HeadStep::Outcome::NeedMore) return step.consumed;
    if (response.is_interim()) {
      interims.push_back(response.status);
      parser_.next_message();
      return step.consumed;
    }
    is_request ? keep(request) : keep(response);
    note(parser_.parse_body({}));
    return step.consumed;
  }

  void keep(const RequestHead& head) {
    message_.start = std::string(head.method) + " " + std::string(head.target);
    message_.path = head.path;
    message_.query = head.query;
    message_.authority = head.authority;
    keep_common(head);
  }
  void keep(const ResponseHead& head) {
    message_.start = std::to_string(head.status) + " " + std::string(head.reason);
    keep_common(head);
  }
  void keep_common(const Head& head) {
    message_.head_complete = true;
    for (const Field& field : head.fields) message_.fields.emplace_back(field.name, field.value);
    message_.framing = head.framing;
    message_.keep_alive = head.keep_alive;
  }

  H1Parser::Role role_;
  std::string method_;
  H1Parser parser_;
  ParsedMessage message_;
};

// Copies, so that a sanitizer sees any byte read outside a piece or after its time.
inline void feed_copy(Feeder& feeder, std::string_view bytes) {
  const std::vector<char> copy(bytes.begin(), bytes.end());
  feeder.feed({copy.data(), copy.size()});
}

inline ParsedMessage parse_request(std::string_view text, const HeadLimits& limits = {}) {
  Feeder feeder(H1Parser::Role::Requests, limits);
  feed_copy(feeder, text);
  return feeder.message();
}

inline ParsedMessage parse_response(std::string_view text, std::string_view method = "GET",
                                    const HeadLimits& limits = {}) {
  Feeder feeder(H1Parser::Role::Responses, limits, method);
  feed_copy(feeder, text);
  return feeder.message();
}

// Whether every cut in two, and bytes one by one, come to the same as the whole.
inline bool is_same_however_cut(H1Parser::Role role, std::string_view text,
                                const HeadLimits& limits = {}, std::string_view method = "GET") {
  Feeder whole(role, limits, method);
  feed_copy(whole, text);
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    Feeder halves(role, limits, method);
    feed_copy(halves, text.substr(0, cut));
    feed_copy(halves, text.substr(cut));
    if (!(halves.message() == whole.message())) return false;
  }
  Feeder bytes(role, limits, method);
  for (const char& byte : text) feed_copy(bytes, {&byte, 1});
  return bytes.message() == whole.message();
}

}  // namespace tealgate
