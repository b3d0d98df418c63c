// Reads `tls`: certificates and terms of a listener, and those of a pool's servers. Reads their
// files, too.
#pragma once

#include <memory>

#include "base/tls_context.h"
#include "control/node_reader.h"

namespace tealgate {

// Null after an error, which is reported.
std::shared_ptr<const TlsServerSettings> read_tls(NodeReader& reader, const ConfigNode& map);

// Reads the files that a certificate came from anew; the error names one.
Result<std::shared_ptr<const TlsCertificate>> load_certificate(
    const TlsCertificate::Files& files, const ConfigSurroundings& surroundings);

}  // namespace tealgate
