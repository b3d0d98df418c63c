// Reads `tls` of a pool: on what terms connections to its servers are encrypted. Reads the files,
// too.
#pragma once

#include <memory>
#include <string>

#include "base/tls_client_context.h"
#include "control/node_reader.h"

namespace tealgate {

// Null for `false`, and after an error, which is reported.
std::shared_ptr<const TlsClientSettings> read_pool_tls(NodeReader& reader, const ConfigNode& node);

// Reads those who may sign servers' certificates; the error names the file.
Result<std::shared_ptr<const TlsAuthorities>> load_authorities(
    const std::string& file, const ConfigSurroundings& surroundings);

}  // namespace tealgate
