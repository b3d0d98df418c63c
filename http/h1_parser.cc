#include "http/h1_parser.h"

#include <llhttp.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "http/body_guard.h"
#include "http/field_list.h"
#include "http/framing.h"
#include "http/guard.h"
#include "http/head_assembler.h"
#include "http/head_fault.h"
#include "http/target.h"

namespace tealgate {

namespace {

constexpr std::string_view kNoTrailers = "\r\n";
constexpr std::string_view kReadingsDiffer = "a head that two parsers read differently";

// llhttp, used twice: it reads each head a second time, and must come to the fields that the guard
// found; and it takes chunked bodies apart. One per parser, since a body goes on where its head
// ended.
class SecondReader {
 public:
  explicit SecondReader(llhttp_type_t type) : type_(type) {}

  // Reads the whole head from its `block`; `target` is empty for responses.
  HeadFault read_head(std::string_view block, std::string_view target, const Head& head);
  // As above, of the trailers behind the last chunk's line.
  HeadFault read_trailers(std::string_view block, const std::vector<Field>& trailers);
  // Of the last head read.
  bool agrees_on(const RequestHead& head) const;
  bool agrees_on(const ResponseHead& head) const;

  struct BodyPiece {
    std::size_t consumed = 0;
    std::string_view data;
    bool chunk_line = false;  // one ended before the data
    bool is_last = false;     // the trailers follow
    std::string_view error;
  };
  // Up to and including the next data of a chunked body, or the last chunk's line.
  BodyPiece read_chunked(std::string_view bytes);

 private:
  static SecondReader& of(llhttp_t* parser) { return *static_cast<SecondReader*>(parser->data); }
  static const llhttp_settings_t* settings();
  int on_target(std::string_view target);
  int on_field_name(std::string_view name);
  int on_field_value(std::string_view value);
  int on_head_end();
  int on_chunk_line();
  HeadFault read_fields(std::string_view block, const std::vector<Field>& fields);
  HeadFault fault_of(llhttp_errno_t result) const;
  bool has(llhttp_flags_t flag) const { return (parser_.flags & flag) != 0; }

  llhttp_type_t type_;
  llhttp_t parser_{};
  const std::vector<Field>* fields_ = nullptr;  // while their second reading runs
  std::string_view target_;                     // as the first reading has it
  std::string_view value_;  // the same, of the field being read, until it was read
  std::size_t fields_read_ = 0;
  BodyPiece piece_;
};

const llhttp_settings_t* SecondReader::settings() {
  static const llhttp_settings_t settings = [] {
    llhttp_settings_t made;
    llhttp_settings_init(&made);
    made.on_url = [](llhttp_t* parser, const char* at, std::size_t size) {
      return of(parser).on_target({at, size});
    };
    made.on_header_field = [](llhttp_t* parser, const char* at, std::size_t size) {
      return of(parser).on_field_name({at, size});
    };
    made.on_header_value = [](llhttp_t* parser, const char* at, std::size_t size) {
      return of(parser).on_field_value({at, size});
    };
    made.on_headers_complete = [](llhttp_t* parser) { return of(parser).on_head_end(); };
    made.on_chunk_header = [](llhttp_t* parser) { return of(parser).on_chunk_line(); };
    made.on_body = [](llhttp_t* parser, const char* at, std::size_t size) -> int {
      of(parser).piece_.data = {at, size};
      return HPE_PAUSED;
    };
    made.on_message_complete = [](llhttp_t* parser) { return of(parser).on_head_end(); };
    return made;
  }();
  return &settings;
}

HeadFault SecondReader::read_head(std::string_view block, std::string_view target,
                                  const Head& head) {
  llhttp_init(&parser_, type_, settings());
  parser_.data = this;
  target_ = target;
  return read_fields(block, head.fields);
}

HeadFault SecondReader::read_trailers(std::string_view block, const std::vector<Field>& trailers) {
  return read_fields(block, trailers);
}

HeadFault SecondReader::read_fields(std::string_view block, const std::vector<Field>& fields) {
  fields_ = &fields;
  value_ = {};
  fields_read_ = 0;
  const llhttp_errno_t result = llhttp_execute(&parser_, block.data(), block.size());
  fields_ = nullptr;
  if (result != HPE_PAUSED) return fault_of(result);
  if (llhttp_get_error_pos(&parser_) != block.data() + block.size()) {
    return {Failure::BadRequest, kReadingsDiffer};
  }
  llhttp_resume(&parser_);
  return {};
}

HeadFault SecondReader::fault_of(llhttp_errno_t result) const {
  // The guard has found the request line well-formed: what llhttp does not like of it is the
  // method.
  const bool is_method = result == HPE_INVALID_METHOD || result == HPE_INVALID_CONSTANT ||
                         result == HPE_INVALID_VERSION;
  if (type_ == HTTP_REQUEST && fields_read_ == 0 && is_method) {
    return {Failure::UnsupportedCoding, "an unknown method"};
  }
  const char* const reason = llhttp_get_error_reason(&parser_);
  if (result == HPE_OK || result == HPE_USER || !reason) {
    return {Failure::BadRequest, kReadingsDiffer};
  }
  return {Failure::BadRequest, reason};
}

int SecondReader::on_target(std::string_view target) {
  return target == target_ ? 0 : -1;
}

int SecondReader::on_field_name(std::string_view name) {
  if (fields_read_ == fields_->size() || !value_.empty()) return -1;
  const Field& field = (*fields_)[fields_read_++];
  value_ = field.value;
  return field.name.data() == name.data() && field.name.size() == name.size() ? 0 : -1;
}

int SecondReader::on_field_value(std::string_view value) {
  value = trimmed(value);
  const std::string_view expected = std::exchange(value_, {});
  if (value.empty() && expected.empty()) return 0;
  return value.data() == expected.data() && value.size() == expected.size() ? 0 : -1;
}

int SecondReader::on_head_end() {
  return fields_read_ == fields_->size() && value_.empty() ? HPE_PAUSED : -1;
}

int SecondReader::on_chunk_line() {
  piece_.chunk_line = true;
  piece_.is_last = parser_.content_length == 0;
  return piece_.is_last ? HPE_PAUSED : 0;
}

bool SecondReader::agrees_on(const RequestHead& head) const {
  const Framing& framing = head.framing;
  return parser_.http_major == 1 && parser_.http_minor == head.minor_version &&
         head.method == llhttp_method_name(static_cast<llhttp_method_t>(parser_.method)) &&
         has(F_CHUNKED) == (framing.kind == Framing::Kind::Chunked) &&
         has(F_CONTENT_LENGTH) == (framing.kind == Framing::Kind::Length) &&
         (!has(F_CONTENT_LENGTH) || parser_.content_length == framing.length);
}

bool SecondReader::agrees_on(const ResponseHead& head) const {
  const Framing& framing = head.framing;
  if (parser_.http_major != 1 || parser_.http_minor != head.minor_version) return false;
  if (parser_.status_code != head.status) return false;
  switch (framing.kind) {
    case Framing::Kind::None:
      return true;  // HEAD or a status without a body, which llhttp is not told
    case Framing::Kind::Length:
      return has(F_CONTENT_LENGTH) && !has(F_CHUNKED) && parser_.content_length == framing.length;
    case Framing::Kind::Chunked:
      return has(F_CHUNKED) && !has(F_CONTENT_LENGTH);
    case Framing::Kind::UntilClose:
      return !has(F_CHUNKED) && !has(F_CONTENT_LENGTH);
  }
  return false;
}

SecondReader::BodyPiece SecondReader::read_chunked(std::string_view bytes) {
  piece_ = {
      .consumed = 0, .data = {}, .chunk_line = piece_.chunk_line, .is_last = false, .error = {}};
  const llhttp_errno_t result = llhttp_execute(&parser_, bytes.data(), bytes.size());
  BodyPiece piece = piece_;
  if (result == HPE_OK) {
    piece.consumed = bytes.size();
  } else if (result == HPE_PAUSED) {
    piece.consumed = static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - bytes.data());
    llhttp_resume(&parser_);
  } else {
    piece.error = "malformed chunked framing";
  }
  if (!piece.data.empty()) piece_.chunk_line = false;
  return piece;
}

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
        second_reader(role_ == Role::Requests ? HTTP_REQUEST : HTTP_RESPONSE) {}

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
