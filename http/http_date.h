// The Date field's value (RFC 9110 5.6.7).
#pragma once

#include <string_view>

namespace tealgate {

// Now, as "Sun, 06 Nov 1994 08:49:37 GMT"; made once a second and thread, valid until the thread
// asks again.
std::string_view http_date();

}  // namespace tealgate
