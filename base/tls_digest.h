// SHA-256, and comparing such digests without telling by the time it takes where they differ.
//
// For hashes of secrets and for names of contents. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tealgate {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);

// Takes the same time whatever they are.
bool is_same_digest(const Sha256& a, const Sha256& b);

// 64 hexadecimal digits, in either case; none: it is something else.
std::optional<Sha256> parse_sha256(std::string_view hex);

}  // namespace tealgate
