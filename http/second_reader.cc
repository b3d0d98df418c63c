#include "http/second_reader.h"

#include <llhttp.h>

#include <utility>

#include "http/field_list.h"

namespace tealgate {

class SecondReader::Machine {
 public:
  explicit Machine(Kind kind) : type_(kind == Kind::Requests ? HTTP_REQUEST : HTTP_RESPONSE) {}

  HeadFault read_head(std::string_view block, std::string_view target, const Head& head);
  HeadFault read_fields(std::string_view block, const std::vector<Field>& fields);
  bool agrees_on(const RequestHead& head) const;
  bool agrees_on(const ResponseHead& head) const;
  BodyPiece read_chunked(std::string_view bytes);

 private:
  static Machine& of(llhttp_t* parser) { return *static_cast<Machine*>(parser->data); }
  static const llhttp_settings_t* settings();
  int on_target(std::string_view target);
  int on_field_name(std::string_view name);
  int on_field_value(std::string_view value);
  int on_head_end();
  int on_chunk_line();
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

const llhttp_settings_t* SecondReader::Machine::settings() {
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

HeadFault SecondReader::Machine::read_head(std::string_view block, std::string_view target,
                                           const Head& head) {
  llhttp_init(&parser_, type_, settings());
  parser_.data = this;
  target_ = target;
  return read_fields(block, head.fields);
}

HeadFault SecondReader::Machine::read_fields(std::string_view block,
                                             const std::vector<Field>& fields) {
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

HeadFault SecondReader::Machine::fault_of(llhttp_errno_t result) const {
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

int SecondReader::Machine::on_target(std::string_view target) {
  return target == target_ ? 0 : -1;
}

int SecondReader::Machine::on_field_name(std::string_view name) {
  if (fields_read_ == fields_->size() || !value_.empty()) return -1;
  const Field& field = (*fields_)[fields_read_++];
  value_ = field.value;
  return field.name.data() == name.data() && field.name.size() == name.size() ? 0 : -1;
}

int SecondReader::Machine::on_field_value(std::string_view value) {
  value = trimmed(value);
  const std::string_view expected = std::exchange(value_, {});
  if (value.empty() && expected.empty()) return 0;
  return value.data() == expected.data() && value.size() == expected.size() ? 0 : -1;
}

int SecondReader::Machine::on_head_end() {
  return fields_read_ == fields_->size() && value_.empty() ? HPE_PAUSED : -1;
}

int SecondReader::Machine::on_chunk_line() {
  piece_.chunk_line = true;
  piece_.is_last = parser_.content_length == 0;
  return piece_.is_last ? HPE_PAUSED : 0;
}

bool SecondReader::Machine::agrees_on(const RequestHead& head) const {
  const Framing& framing = head.framing;
  return parser_.http_major == 1 && parser_.http_minor == head.minor_version &&
         head.method == llhttp_method_name(static_cast<llhttp_method_t>(parser_.method)) &&
         has(F_CHUNKED) == (framing.kind == Framing::Kind::Chunked) &&
         has(F_CONTENT_LENGTH) == (framing.kind == Framing::Kind::Length) &&
         (!has(F_CONTENT_LENGTH) || parser_.content_length == framing.length);
}

bool SecondReader::Machine::agrees_on(const ResponseHead& head) const {
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

SecondReader::BodyPiece SecondReader::Machine::read_chunked(std::string_view bytes) {
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

SecondReader::SecondReader(Kind kind) : machine_(std::make_unique<Machine>(kind)) {}
SecondReader::~SecondReader() = default;

HeadFault SecondReader::read_head(std::string_view block, std::string_view target,
                                  const Head& head) {
  return machine_->read_head(block, target, head);
}

HeadFault SecondReader::read_trailers(std::string_view block, const std::vector<Field>& trailers) {
  return machine_->read_fields(block, trailers);
}

bool SecondReader::agrees_on(const RequestHead& head) const {
  return machine_->agrees_on(head);
}

bool SecondReader::agrees_on(const ResponseHead& head) const {
  return machine_->agrees_on(head);
}

SecondReader::BodyPiece SecondReader::read_chunked(std::string_view bytes) {
  return machine_->read_chunked(bytes);
}

}  // namespace tealgate
