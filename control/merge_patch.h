// What changed between two JSON values, as a merge patch (RFC 7396): applied to the first it gives
// the second. Pure. Neither may hold nulls that matter: in a patch a null takes a member away.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace tealgate {

// An empty object if both are equal objects.
nlohmann::ordered_json merge_patch_between(const nlohmann::ordered_json& before,
                                           const nlohmann::ordered_json& after);

}  // namespace tealgate
