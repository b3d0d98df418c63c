#include "http/head_assembler.h"

#include "http/guard.h"

namespace tealgate {

namespace {

// A request line has a method, two spaces, a version and CRLF beside its target.
constexpr std::size_t kRequestLineBeyondTarget = 64;

}  // namespace

HeadAssembler::HeadAssembler(Kind kind, std::size_t target_bytes, std::size_t head_bytes)
    : kind_(kind),
      scanner_(kind == Kind::Request ? target_bytes + kRequestLineBeyondTarget : head_bytes + 1,
               head_bytes) {}

HeadAssembler::Step HeadAssembler::take(std::string_view bytes) {
  std::size_t skipped = 0;
  if (!begun_) {
    if (kind_ == Kind::Request) skipped = skip_empty_lines(bytes);
    if (skipped == bytes.size()) return {.consumed = skipped, .block = {}};
    begun_ = true;
    if (skipping_cr_ || !may_begin_with(bytes[skipped])) {
      return {.consumed = skipped, .block = {}, .fault = {Failure::BadRequest, "not HTTP"}};
    }
  }
  bytes.remove_prefix(skipped);
  const HeadScanner::Step step = scanner_.scan(bytes);
  const std::size_t consumed = skipped + step.consumed;
  if (step.outcome == HeadScanner::Outcome::NeedMore) {
    gathered_.append(bytes);
    return {.consumed = consumed, .block = {}};
  }
  if (step.outcome != HeadScanner::Outcome::Found) {
    return {.consumed = consumed, .block = {}, .fault = fault_of(step.outcome)};
  }
  const std::string_view last = bytes.substr(0, step.consumed);
  if (gathered_.empty()) return {.consumed = consumed, .block = last};
  return {.consumed = consumed, .block = gathered_.append(last)};
}

// How many bytes of empty lines there are. A CR without LF leaves skipping_cr_ set.
std::size_t HeadAssembler::skip_empty_lines(std::string_view bytes) {
  std::size_t at = 0;
  for (; at < bytes.size() && bytes[at] == (skipping_cr_ ? '\n' : '\r'); ++at) {
    skipping_cr_ = !skipping_cr_;
  }
  return at;
}

bool HeadAssembler::may_begin_with(char first) const {
  switch (kind_) {
    case Kind::Request:
      return is_token_char(first);
    case Kind::Response:
      return first == 'H';
    case Kind::Trailers:
      break;
  }
  return true;
}

HeadFault HeadAssembler::fault_of(HeadScanner::Outcome outcome) {
  switch (outcome) {
    case HeadScanner::Outcome::FirstLineTooLong:
      return {Failure::UriTooLong, "the request line is too long"};
    case HeadScanner::Outcome::TooLong:
      return {Failure::HeadTooLarge, "the head is too large"};
    default:
      return {Failure::BadRequest, "an LF without CR"};
  }
}

void HeadAssembler::reset() {
  begun_ = false;
  skipping_cr_ = false;
  scanner_.reset();
  if (!gathered_.empty()) std::string().swap(gathered_);
}

}  // namespace tealgate
