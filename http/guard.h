// Splits a whole head into lines and fields, and refuses what RFC 9112 forbids though parsers,
// strict llhttp among them, let it pass: line ends that are not CRLF, folded lines, white space
// around names, empty names, control characters, other protocols and versions.
//
// It judges form alone: what Host, target and framing say is for target.h and framing.h. One pass
// over the bytes, no memory but the head's list of fields.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/head_fault.h"
#include "http/message.h"

namespace tealgate {

// `block` is a head from its first line to the empty line, both with CRLF. Sets method, target,
// minor_version, fields and block.
HeadFault read_request_block(std::string_view block, std::size_t max_fields, RequestHead& head);

// As above; sets status, reason, minor_version, fields and block. The fault is BadResponse,
// whatever is wrong.
HeadFault read_response_block(std::string_view block, std::size_t max_fields, ResponseHead& head);

// The trailers of a chunked body (RFC 9112 7.1.2), from behind the last chunk's line to the empty
// line.
HeadFault read_trailer_block(std::string_view block, std::size_t max_fields,
                             std::vector<Field>& trailers);

// tchar of RFC 9110 5.6.2.
bool is_token_char(char c);

}  // namespace tealgate
