// Where one character of UTF-8 (RFC 3629) ends. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace tealgate {

// Bytes of the well-formed character at the beginning of `text`, which is not empty; 0 if there is
// none.
std::size_t utf8_length(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace tealgate
