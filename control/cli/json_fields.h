// Members of what the daemon says, read leniently: a newer or an older daemon may leave any out.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tealgate::cli {

// A string member, fit for a terminal, or "" if it is absent or something else.
std::string text_of(const nlohmann::ordered_json& object, const char* key);
// A whole number, or 0.
std::uint64_t number_of(const nlohmann::ordered_json& object, const char* key);
// A member, or null.
const nlohmann::ordered_json& member(const nlohmann::ordered_json& object, const char* key);

// The parts that are not empty.
std::string joined(const std::vector<std::string>& parts, std::string_view between);
// ASCII letters alone.
std::string upper(std::string text);

}  // namespace tealgate::cli
