// How a body is delimited (RFC 9112 6.3) and whether the connection lives on (9.3), read from the
// fields of a head.
//
// Stricter than the RFC wherever it leaves a choice that two parsers could make differently.
#pragma once

#include <string_view>

#include "http/head_fault.h"
#include "http/message.h"

namespace tealgate {

// The fields that decide over a message, found in one pass. Counts are of field lines; views of the
// first one.
struct DecisiveFields {
  unsigned content_lengths = 0;
  unsigned transfer_encodings = 0;
  unsigned hosts = 0;
  std::string_view content_length;
  std::string_view transfer_encoding;
  std::string_view host;
  bool says_close = false;       // Connection: close
  bool says_keep_alive = false;  // Connection: keep-alive
  bool has_unknown_expectation = false;
};

DecisiveFields decisive_fields(const Head& head);

// Sets head.framing and head.keep_alive; minor_version must be set.
HeadFault frame_request(const DecisiveFields& fields, RequestHead& head);

// As above, and status must be set, too. `request_method` decides, as the answer to HEAD has no
// body.
HeadFault frame_response(const DecisiveFields& fields, std::string_view request_method,
                         ResponseHead& head);

}  // namespace tealgate
