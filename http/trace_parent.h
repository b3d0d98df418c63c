// The trace that a request belongs to, as the W3C's Trace Context has it: the field `traceparent`.
// It is passed on untouched, whatever it says; here it is only read. Pure.
#pragma once

#include <string_view>

#include "http/message.h"

namespace tealgate {

// The trace-id: 32 lowercase hex digits, a view into the head. Empty: there is no such field, there
// are two, or it is not valid.
std::string_view trace_id(const RequestHead& head);

}  // namespace tealgate
