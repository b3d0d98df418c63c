#include "http/h1_parser.h"

#include <algorithm>

#include "base/check.h"
#include "http/body_guard.h"
#include "http/framing.h"
#include "http/guard.h"
#include "http/head_assembler.h"
#include "http/head_fault.h"
#include "http/second_reader.h"
#include "http/target.h"

namespace tealgate {

namespace {

constexpr std::string_view kNoTrailers = "\r\n";

}  // namespace

struct H1Parser::State {
  enum class Phase : std::uint8_t { Head, Body, Trailers, Done, Dead };

  State(Role role_, const HeadLimits& limits_)
      : role(role_),
        limits(limits_),
        assembler(
            role_ == Role::Requests ? HeadAssembler::Kind::Request : HeadAssembler::Kind::Response,
            limits_.target_bytes, limits_.head_bytes),
        trailer_assembler(HeadAssembler::Kind::Trailers, 0, limits_.trailer_bytes),
        body_guard(limits_.trailer_bytes),
        second_reader(role_ == Role::Requests ? SecondReader::Kind::Requests
                                              : SecondReader::Kind::Responses) {}

  // Assembles the head's block and hands it to `read`: HeadFault(block).
  template <class Read>
  HeadStep parse_head(std::string_view bytes, Read&& read);
  HeadFault read_request(std::string_view block, RequestHead& head);
  HeadFault read_response(std::string_view block, std::string_view request_method,
                          ResponseHead& head, Upgrade upgrade);
  void begin_body(const Framing& of_body);

  BodyStep take_length(std::string_view bytes);
  BodyStep take_chunked(std::string_view bytes);
  BodyStep take_trailers(std::string_view bytes);
  BodyStep fail_body(Failure failure, std::string_view detail);

  Failure malformed() const {
    return role == Role::Requests ? Failure::BadRequest : Failure::BadResponse;
  }

  Role role;
  Phase phase = Phase::Head;
  HeadLimits limits;
  HeadFault fault;  // why it is dead
  HeadAssembler assembler;
  HeadAssembler trailer_assembler;
  std::vector<Field> trailers;
  Framing framing;
  std::uint64_t body_left = 0;
  BodyGuard body_guard;
  SecondReader second_reader;
};

template <class Read>
H1Parser::HeadStep H1Parser::State::parse_head(std::string_view bytes, Read&& read) {
  using Outcome = HeadStep::Outcome;
  CHECK(phase == Phase::Head || phase == Phase::Dead, "a head is asked for inside a message");
  if (phase == Phase::Head) {
    const HeadAssembler::Step step = assembler.take(bytes);
    fault = step.block.empty() ? step.fault : read(step.block);
    if (!fault) {
      const Outcome outcome = step.block.empty() ? Outcome::NeedMore : Outcome::Complete;
      return {outcome, step.consumed, Failure::None, {}};
    }
    if (role == Role::Responses) fault.failure = Failure::BadResponse;
    phase = Phase::Dead;
  }
  return {Outcome::Failed, bytes.size(), fault.failure, fault.detail};
}

HeadFault H1Parser::State::read_request(std::string_view block, RequestHead& head) {
  if (const HeadFault why = read_request_block(block, limits.fields, head)) return why;
  if (head.target.size() > limits.target_bytes) {
    return {Failure::UriTooLong, "the request target is too long"};
  }
  if (head.method == "CONNECT") return {Failure::MethodNotAllowed, "CONNECT is not allowed"};
  const DecisiveFields fields = decisive_fields(head);
  if (const HeadFault why = read_target(fields.hosts, fields.host, head)) return why;
  if (const HeadFault why = frame_request(fields, head)) return why;
  if (const HeadFault why = second_reader.read_head(block, head.target, head)) return why;
  if (!second_reader.agrees_on(head)) return {Failure::BadRequest, kReadingsDiffer};
  if (fields.has_unknown_expectation && head.minor_version >= 1) {
    return {Failure::ExpectationFailed, "an expectation other than 100-continue"};
  }
  begin_body(head.framing);
  return {};
}

HeadFault H1Parser::State::read_response(std::string_view block, std::string_view request_method,
                                         ResponseHead& head, Upgrade upgrade) {
  if (const HeadFault why = read_response_block(block, limits.fields, head)) return why;
  if (head.status == 101 && upgrade == Upgrade::NotAsked) {
    return {Failure::BadResponse, "an upgrade that nobody asked for"};
  }
  const DecisiveFields fields = decisive_fields(head);
  if (const HeadFault why = frame_response(fields, request_method, head)) return why;
  if (const HeadFault why = second_reader.read_head(block, {}, head)) return why;
  if (!second_reader.agrees_on(head)) return {Failure::BadResponse, kReadingsDiffer};
  begin_body(head.framing);
  return {};
}

void H1Parser::State::begin_body(const Framing& of_body) {
  phase = Phase::Body;
  framing = of_body;
  body_left = of_body.length;
}

H1Parser::BodyStep H1Parser::State::take_length(std::string_view bytes) {
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(body_left, bytes.size()));
  body_left -= taken;
  if (body_left == 0) phase = Phase::Done;
  return {.consumed = taken, .data = bytes.substr(0, taken), .complete = body_left == 0};
}

H1Parser::BodyStep H1Parser::State::take_chunked(std::string_view bytes) {
  if (bytes.empty()) return {};
  const SecondReader::BodyPiece piece = second_reader.read_chunked(bytes);
  if (!piece.error.empty()) return fail_body(malformed(), piece.error);
  const std::size_t between = piece.consumed - piece.data.size();  // data comes last
  if (const std::string_view wrong = body_guard.check(bytes.substr(0, between)); !wrong.empty()) {
    return fail_body(malformed(), wrong);
  }
  if (!piece.data.empty()) {
    if (piece.chunk_line) body_guard.on_chunk_line();
    body_guard.on_data(piece.data.size());
  }
  if (piece.is_last) phase = Phase::Trailers;
  return {.consumed = piece.consumed, .data = piece.data};
}

H1Parser::BodyStep H1Parser::State::take_trailers(std::string_view bytes) {
  const HeadAssembler::Step step = trailer_assembler.take(bytes);
  if (step.fault.failure == Failure::HeadTooLarge) {
    return fail_body(malformed(), "the trailers are too large");
  }
  if (step.fault) return fail_body(malformed(), step.fault.detail);
  // What no line may hold is refused when it comes, not when the block is whole.
  const std::string_view wrong_byte = body_guard.check(bytes.substr(0, step.consumed));
  if (!wrong_byte.empty()) return fail_body(malformed(), wrong_byte);
  if (step.block.empty()) return {.consumed = step.consumed};
  if (step.block != kNoTrailers) {
    HeadFault wrong = read_trailer_block(step.block, limits.fields, trailers);
    if (!wrong) wrong = second_reader.read_trailers(step.block, trailers);
    if (wrong) return fail_body(malformed(), wrong.detail);
  }
  phase = Phase::Done;
  return {.consumed = step.consumed, .complete = true};
}

H1Parser::BodyStep H1Parser::State::fail_body(Failure failure, std::string_view detail) {
  phase = Phase::Dead;
  fault = {failure, detail};
  return {.failure = failure, .detail = detail};
}

H1Parser::H1Parser(Role role, const HeadLimits& limits)
    : state_(std::make_unique<State>(role, limits)) {}
H1Parser::~H1Parser() = default;
H1Parser::H1Parser(H1Parser&&) noexcept = default;

H1Parser::HeadStep H1Parser::parse_request_head(std::string_view bytes, RequestHead& head) {
  return state_->parse_head(
      bytes, [&](std::string_view block) { return state_->read_request(block, head); });
}

H1Parser::HeadStep H1Parser::parse_response_head(std::string_view bytes,
                                                 std::string_view request_method,
                                                 ResponseHead& head, Upgrade upgrade) {
  return state_->parse_head(bytes, [&](std::string_view block) {
    return state_->read_response(block, request_method, head, upgrade);
  });
}

H1Parser::BodyStep H1Parser::parse_body(std::string_view bytes) {
  State& state = *state_;
  if (state.phase == State::Phase::Dead) {
    return {.failure = state.fault.failure, .detail = state.fault.detail};
  }
  if (state.phase == State::Phase::Done) return {.complete = true};
  if (state.phase == State::Phase::Trailers) return state.take_trailers(bytes);
  CHECK(state.phase == State::Phase::Body, "a body is asked for before its head");
  switch (state.framing.kind) {
    case Framing::Kind::None:
    case Framing::Kind::Length:
      return state.take_length(bytes);
    case Framing::Kind::Chunked:
      return state.take_chunked(bytes);
    case Framing::Kind::UntilClose:
      break;
  }
  return {.consumed = bytes.size(), .data = bytes};
}

H1Parser::BodyStep H1Parser::finish() {
  State& state = *state_;
  const bool is_request = state.role == Role::Requests;
  switch (state.phase) {
    case State::Phase::Done:
      return {.complete = true};
    case State::Phase::Dead:
      return {.failure = state.fault.failure, .detail = state.fault.detail};
    case State::Phase::Head:
      return state.fail_body(is_request ? Failure::ClientAbort : Failure::HeadCut,
                             "closed inside a head");
    case State::Phase::Body:
    case State::Phase::Trailers:
      break;
  }
  if (state.framing.kind == Framing::Kind::UntilClose) {
    state.phase = State::Phase::Done;
    return {.complete = true};
  }
  return state.fail_body(is_request ? Failure::ClientAbort : Failure::BodyCut,
                         "closed inside a body");
}

void H1Parser::next_message() {
  State& state = *state_;
  if (state.phase == State::Phase::Dead) return;
  state.phase = State::Phase::Head;
  state.assembler.reset();
  state.trailer_assembler.reset();
  state.trailers.clear();
  state.body_guard.reset();
}

const std::vector<Field>& H1Parser::trailers() const {
  return state_->trailers;
}

bool H1Parser::has_begun() const {
  return state_->assembler.has_begun();
}

}  // namespace tealgate
