// How clients come in at one listener of one worker: what their connections begin with, and what
// their answers are given. Immutable; connections share it, and keep the one that they began with.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/tls_context.h"

namespace tealgate {

struct Entrance {
  bool proxy_protocol = false;                  // a PROXY header comes first
  std::shared_ptr<const TlsServerContext> tls;  // null: plain
  std::uint16_t https_port = 0;  // where requests are sent to by redirect; 0: nowhere
  // A complete line that each answer is given (Strict-Transport-Security), or empty.
  std::string hsts_line;
};

}  // namespace tealgate
