// What changes in a head on its way through a proxy: RFC 9110 7.6 and the X-Forwarded-* habit.
#pragma once

#include <string>
#include <string_view>

#include "base/address.h"
#include "http/header_rules.h"
#include "http/message.h"

namespace tealgate {

struct ForwardedFrom {
  std::string_view host;         // of the peer, as ResponseWriter::peer_host() has it
  bool peer_is_trusted = false;  // in trusted_proxies: its X-Forwarded-* are kept and appended to
  std::string_view scheme = "http";
  std::string_view client_name = {};  // of the client's TLS certificate; empty: none
};

// What a request is given on its way up.
struct ForwardedAs {
  std::string_view request_id;
  std::string_view upgrade = {};       // the protocol to ask for; empty: none
  const HeaderRules* rules = nullptr;  // of the service; null: none
  bool sends_forwarded = false;        // Forwarded besides X-Forwarded-*
};

// The client's address as text: the peer, or, if the peer is trusted, the last address of
// X-Forwarded-For that is not a trusted proxy (`is_trusted` decides for each, from the right).
std::string client_address(const RequestHead& head, const ForwardedFrom& from,
                           const std::vector<AddressBlock>& trusted);

// The request id to use: the client's X-Request-Id if it is 1..128 visible ASCII characters, else
// 32 fresh hex digits.
std::string request_id(const RequestHead& head);

// The whole head for the upstream: request line (target in origin-form, exactly as it came; the
// path of an absolute target), Host kept (from the absolute target if there is one; RFC
// 9112 3.2.2), hop-by-hop fields and those that Connection names removed, TE kept only as
// "trailers"... `framing` written anew, X-Forwarded-For/-Proto/-Host overwritten or appended, Via
// appended ("1.1 tealgate"), X-Request-Id set, X-Forwarded-Client-Name (the verified name of a
// TLS certificate) set or, from whoever is not trusted, removed. Expect is passed on. The rules
// come last, so that they win over what a client says.
void append_upstream_request(std::string& out, const RequestHead& head, const ForwardedFrom& from,
                             const ForwardedAs& as);

// The fields of a response that are passed to the client: without hop-by-hop fields and those that
// Connection names, with Via and X-Request-Id, and by the service's rules (null: none; a 1xx is
// given no lines of theirs). Status line, framing, Date if missing and Connection
// are the server connection's.
void append_client_fields(std::string& out, const ResponseHead& head, std::string_view request_id,
                          const HeaderRules* rules = nullptr);

// The target in origin-form: path and query as they came; "*" stays.
std::string origin_form(const RequestHead& head);

// Whether a field is hop-by-hop by its name alone (RFC 9110 7.6.1): Connection, Keep-Alive,
// Proxy-Connection, TE, Trailer, Transfer-Encoding, Upgrade; Content-Length counts too, as framing
// is written anew.
bool is_hop_by_hop(std::string_view name);

}  // namespace tealgate
