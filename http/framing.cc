#include "http/framing.h"

#include <charconv>
#include <system_error>

#include "http/field_list.h"
#include "http/status.h"

namespace tealgate {

namespace {

// Digits only: no sign, no list, no white space.
bool parse_length(std::string_view text, std::uint64_t& length) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, length);
  return result.ec == std::errc() && result.ptr == end;
}

void note_connection(std::string_view value, DecisiveFields& fields) {
  while (!value.empty()) {
    const std::string_view option = take_item(value);
    if (equals_ignoring_case(option, "close")) fields.says_close = true;
    if (equals_ignoring_case(option, "keep-alive")) fields.says_keep_alive = true;
  }
}

HeadFault transfer_coding_fault(std::string_view value) {
  if (value.empty()) return {Failure::BadRequest, "an empty Transfer-Encoding"};
  constexpr std::string_view kChunked = "chunked";
  // Known codings at the wrong place, or twice, are ambiguous rather than unknown.
  if (value.size() > kChunked.size() &&
      equals_ignoring_case(value.substr(0, kChunked.size()), kChunked)) {
    return {Failure::BadRequest, "a Transfer-Encoding that does not end with chunked, once"};
  }
  return {Failure::UnsupportedCoding, "a transfer coding other than chunked"};
}

// What requests and responses have in common. Kind::None: neither field is there.
HeadFault read_framing(const DecisiveFields& fields, std::uint8_t minor_version, Framing& framing) {
  framing = {};
  if (fields.content_lengths > 1) return {Failure::BadRequest, "two Content-Length fields"};
  if (fields.transfer_encodings > 1) return {Failure::BadRequest, "two Transfer-Encoding fields"};
  if (fields.content_lengths > 0 && fields.transfer_encodings > 0) {
    return {Failure::BadRequest, "both Content-Length and Transfer-Encoding"};
  }
  if (fields.transfer_encodings > 0) {
    if (minor_version == 0) return {Failure::BadRequest, "Transfer-Encoding in HTTP/1.0"};
    if (!equals_ignoring_case(fields.transfer_encoding, "chunked")) {
      return transfer_coding_fault(fields.transfer_encoding);
    }
    framing.kind = Framing::Kind::Chunked;
  }
  if (fields.content_lengths > 0) {
    framing.kind = Framing::Kind::Length;
    if (!parse_length(fields.content_length, framing.length)) {
      return {Failure::BadRequest, "a malformed Content-Length"};
    }
  }
  return {};
}

bool lives_on(const DecisiveFields& fields, std::uint8_t minor_version) {
  if (fields.says_close) return false;
  return minor_version >= 1 || fields.says_keep_alive;
}

}  // namespace

DecisiveFields decisive_fields(const Head& head) {
  DecisiveFields found;
  for (const Field& field : head.fields) {
    switch (field.name.size()) {
      case 4:
        if (equals_ignoring_case(field.name, "Host") && found.hosts++ == 0) {
          found.host = field.value;
        }
        break;
      case 6:
        if (equals_ignoring_case(field.name, "Expect") &&
            !equals_ignoring_case(field.value, "100-continue")) {
          found.has_unknown_expectation = true;
        }
        break;
      case 10:
        if (equals_ignoring_case(field.name, "Connection")) note_connection(field.value, found);
        break;
      case 14:
        if (equals_ignoring_case(field.name, "Content-Length") && found.content_lengths++ == 0) {
          found.content_length = field.value;
        }
        break;
      case 17:
        if (equals_ignoring_case(field.name, "Transfer-Encoding") &&
            found.transfer_encodings++ == 0) {
          found.transfer_encoding = field.value;
        }
        break;
      default:
        break;
    }
  }
  return found;
}

HeadFault frame_request(const DecisiveFields& fields, RequestHead& head) {
  head.keep_alive = lives_on(fields, head.minor_version);
  return read_framing(fields, head.minor_version, head.framing);
}

HeadFault frame_response(const DecisiveFields& fields, std::string_view request_method,
                         ResponseHead& head) {
  head.keep_alive = lives_on(fields, head.minor_version);
  if (const HeadFault fault = read_framing(fields, head.minor_version, head.framing)) {
    return {Failure::BadResponse, fault.detail};
  }
  if (head.status == 101) {
    // RFC 9110 8.6, RFC 9112 6.1: a 1xx has neither field. Here they would hide where the tunnel
    // begins.
    if (fields.content_lengths + fields.transfer_encodings > 0) {
      return {Failure::BadResponse, "a 101 with a body"};
    }
    head.framing.kind = Framing::Kind::UntilClose;
    head.keep_alive = false;
  } else if (request_method == "HEAD" || is_bodiless(head.status)) {
    head.framing = {};
  } else if (head.framing.kind == Framing::Kind::None) {
    head.framing.kind = Framing::Kind::UntilClose;
    head.keep_alive = false;
  }
  return {};
}

}  // namespace tealgate
