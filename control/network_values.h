// Reads what a config names on the network: addresses, host patterns, path prefixes.
//
// Each error says what is wrong with the value, to follow it in a sentence, and what to write
// instead.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "control/config_surroundings.h"

namespace tealgate {

struct ValueError {
  std::string message;  // "has no port"
  std::string hint;     // may repeat the value: don't show it for a secret
};

template <class T>
using ValueResult = tl::expected<T, ValueError>;

// ":80", "10.0.0.1:80", "[::1]:80"; port 0 is any free one. No names.
ValueResult<SocketAddress> parse_listen_address(std::string_view text);

// ":8081" (loopback), "10.0.0.1:80", "app1:80"; names are asked of `surroundings`.
ValueResult<SocketAddress> parse_server_address(std::string_view text,
                                                const ConfigSurroundings& surroundings);

// "Shop.example.com" or "*.shop.example.com", in lower case and without a last dot.
ValueResult<std::string> parse_host_pattern(std::string_view text);

// "/api/" → "/api"; "/" → "", which is every path.
ValueResult<std::string> parse_path_prefix(std::string_view text);

}  // namespace tealgate
