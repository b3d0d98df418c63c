// The four forms of a request target (RFC 9112 3.2) and Host (RFC 9110 7.2), taken apart; and the
// path as servers may read it, for routing only: what is sent on is always the raw one.
#pragma once

#include <string>
#include <string_view>

#include "http/head_fault.h"
#include "http/message.h"

namespace tealgate {

// Reads head.target and sets path, query and authority. `host` is the value of Host, which must be
// there once if `host_fields` is 1; method and minor_version must be set. On a fault the three are
// empty: half a target names nobody.
HeadFault read_target(unsigned host_fields, std::string_view host, RequestHead& head);

// Whether `text` is uri-host [ ":" port ] (RFC 3986 3.2.2): a name, an IPv4 address or a bracketed
// IPv6 address.
bool is_authority(std::string_view text);

// Without its port: "example.com:8080" → "example.com", "[::1]:80" → "[::1]".
std::string_view host_of(std::string_view authority);

// The path as the most eager server could read it: escapes resolved (%2F and \ are slashes), path
// parameters (";…") dropped, dot segments resolved, runs of slashes merged. "*" stays.
std::string normalised_path(std::string_view path);

// The cheap test before it. True, as nearly always: normalised_path(path) is `path` itself. False:
// it may differ, and a router must find the same service for both or refuse the request, since a
// server could read it as one never meant for it.
bool is_normal_path(std::string_view path);

}  // namespace tealgate
