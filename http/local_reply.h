// Our own answers: error pages as HTML or problem+json (RFC 9457), whichever Accept prefers.
#pragma once

#include <string>
#include <string_view>

#include "http/failure.h"
#include "http/message.h"

namespace tealgate {

struct LocalReply {
  int status = 500;
  // Complete field lines, each with CRLF (Content-Type, Cache-Control: no-store, Retry-After on 503, X-Request-Id);
  // without Content-Length, Date and Connection, which the connection writes.
  std::string fields;
  std::string body;
};

// `detail` is a literal of ours and may be empty. `accept` is the request's Accept ("" if none or unknown).
LocalReply error_reply(Failure failure, std::string_view detail, std::string_view accept,
                       std::string_view request_id);

}  // namespace tealgate
