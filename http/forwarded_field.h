// The Forwarded field: RFC 7239, for those who ask for it besides X-Forwarded-*.
#pragma once

#include <string>
#include <string_view>

#include "base/address.h"
#include "base/result.h"
#include "http/forwarding.h"

namespace tealgate {

// "10.0.0.1", "10.0.0.1:80", "::1", "[::1]", "[::1]:80".
Result<SocketAddress> parse_forwarded_address(std::string_view text);

// The field with our element: for=, host=, proto= of this request as it came. Before it stands what
// a trusted peer says: its Forwarded, or, since who reads Forwarded looks at nothing else, what its
// X-Forwarded-* say (RFC 7239 7.4).
void append_forwarded_field(std::string& out, const RequestHead& head, const ForwardedFrom& from);

}  // namespace tealgate
