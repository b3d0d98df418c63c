// What status codes mean to a proxy: their standard words, and which of them have no body.
#pragma once

#include <string_view>

namespace tealgate {

// "Not Found" (RFC 9110 15 and the IANA registry); "Unknown" for codes without a standard phrase.
std::string_view standard_reason(int status);

// Whether a response of that status never has a body, whatever its fields say: 1xx, 204, 304 (RFC
// 9112 6.3).
constexpr bool is_bodiless(int status) {
  return (status >= 100 && status < 200) || status == 204 || status == 304;
}

}  // namespace tealgate
