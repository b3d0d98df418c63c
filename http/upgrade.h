// The change to another protocol on a connection (RFC 9110 7.8): WebSocket (RFC 6455) above all.
//
// Nothing is upgraded that the operator did not name: an upgrade hides what follows from the proxy,
// and h2c would hide requests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace tealgate {

// The first protocol that the request asks for and `allowed` names, as `allowed` spells it; empty
// if there is none. A request with a body, to HEAD, or of HTTP/1.0 asks for none.
std::string_view requested_upgrade(const RequestHead& head,
                                   const std::vector<std::string>& allowed);

// Whether a 101 switches to `protocol` and nothing else.
bool accepts_upgrade(const ResponseHead& head, std::string_view protocol);

// Connection and Upgrade, which both heads of an upgrade have.
void append_upgrade(std::string& out, std::string_view protocol);

}  // namespace tealgate
