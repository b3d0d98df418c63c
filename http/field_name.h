// Field names as senders write them and as servers may see them: CGI, WSGI and Rack turn "-" into
// "_", so that to some servers Content_Length is Content-Length.
#pragma once

#include <string_view>

namespace tealgate {

// Whether `name` is `lower` (in lower case, with dashes) to any server: case and "_" for "-" do not
// count.
bool folds_to(std::string_view name, std::string_view lower);

// The same of the beginning of `name`.
bool begins_like(std::string_view name, std::string_view lower);

// RFC 9110 5.1: a token.
bool is_field_name(std::string_view text);

// Without control characters, so that it ends no line; tabs count as such here.
bool is_plain_field_value(std::string_view text);

}  // namespace tealgate
