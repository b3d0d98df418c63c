// Paths and queries of API requests, decoded and matched. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tealgate {

// "a%20b" → "a b"; none if an escape is broken or makes a control character.
std::optional<std::string> percent_decoded(std::string_view text);

// The values at the {…} of `pattern`, decoded, if `path` fits it: "/v1/services/{s}" and
// "/v1/services/shop" → {"shop"}.
std::optional<std::vector<std::string>> match_path(std::string_view pattern, std::string_view path);

// The first "a=b" of a query that cannot be decoded; none: all can.
std::optional<std::string_view> undecodable_part(std::string_view query);

// The decoded value of `name` in "a=1&b=2"; none if it is not there or broken.
std::optional<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace tealgate
