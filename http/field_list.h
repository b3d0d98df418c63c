// Comma-separated lists in field values (RFC 9110 5.6.1).
#pragma once

#include <string_view>

namespace tealgate {

// Without spaces and tabs at its ends.
std::string_view trimmed(std::string_view text);

// Takes the first item, trimmed, and its comma off the front of `list`. Items may be empty; quotes
// are not looked at.
std::string_view take_item(std::string_view& list);

}  // namespace tealgate
