// Which trailer fields of a chunked body go on to the other side (RFC 9110 6.5, 9112 7.1.2).
//
// A trailer comes after everything was decided by the head, and a receiver may merge it into the
// head all the same: so none goes on that frames, routes, authenticates or describes a message, or
// that a proxy writes itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/header_rules.h"
#include "http/message.h"

namespace tealgate {

// By its name alone.
bool may_be_trailer(std::string_view name);

// Appends those that go on, as lines with CRLF: not what `rules` (null: none) take out of heads.
void append_trailers(std::string& out, const std::vector<Field>& trailers,
                     const HeaderRules* rules);

}  // namespace tealgate
