// What a line of the access log looks like: what control parses and proxy obeys.
#pragma once

#include <cstdint>

namespace tealgate {

enum class AccessLogFormat : std::uint8_t { Json, Combined };

}  // namespace tealgate
