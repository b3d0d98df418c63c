// How long a client of the control API may take: of a socket and of the dashboard's address alike.
#pragma once

#include "base/clock.h"
#include "http/server_connection.h"

namespace tealgate {

// For a request to come, whole or its next bytes; an answer may take as long as it does.
inline constexpr Duration kControlRequestTimeout = std::chrono::seconds(5);
// For some of an answer to be read, while some waits.
inline constexpr Duration kControlAnswerTimeout = std::chrono::seconds(10);

inline ServerConnectionSettings control_connection_terms() {
  ServerConnectionSettings settings;
  settings.request_head = kControlRequestTimeout;
  settings.request_body = kControlRequestTimeout;
  settings.idle = kControlRequestTimeout;
  settings.write = kControlAnswerTimeout;
  return settings;
}

}  // namespace tealgate
