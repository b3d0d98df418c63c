// Our own answers: error pages as HTML or problem+json (RFC 9457), whichever Accept prefers.
#pragma once

#include <string>
#include <string_view>

#include "http/error_pages.h"
#include "http/failure.h"
#include "http/message.h"
#include "http/status.h"

namespace tealgate {

struct LocalReply {
  int status = 500;
  // Complete field lines, each with CRLF (Content-Type, Cache-Control: no-store, Retry-After on
  // 503, X-Request-Id); without Content-Length, Date and Connection, which the connection writes.
  std::string fields;
  std::string body;

  Framing framing() const {
    return is_bodiless(status) ? Framing{} : Framing{Framing::Kind::Length, body.size()};
  }
};

struct ReplyTo {
  std::string_view accept = {};       // the request's Accept; empty if none or unknown
  std::string_view request_id = {};   // empty: none is told
  const ErrorPages* pages = nullptr;  // in place of our own HTML, where they have the status
};

// `detail` is a literal of ours and may be empty.
LocalReply error_reply(Failure failure, std::string_view detail, const ReplyTo& to);

}  // namespace tealgate
