// Reads `tls` of a listener: certificates and terms. Reads the files, too. That of a pool:
// pool_tls_reader.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/tls_context.h"
#include "control/node_reader.h"

namespace tealgate {

inline constexpr std::size_t kLargestPem = std::size_t{256} * 1024;

// Null after an error, which is reported.
std::shared_ptr<const TlsServerSettings> read_tls(NodeReader& reader, const ConfigNode& map);

// The certificate of `map` by its cert, key and ocsp; null after an error, which is reported. Warns
// of one that ends soon. `prefix` is that of the keys ("tls.").
std::shared_ptr<const TlsCertificate> read_certificate(NodeReader& reader, const ConfigNode& map,
                                                       std::string_view prefix);

// Why the two cannot stand side by side at one listener, as a sentence; empty: they can.
std::string rivalry_of(const TlsCertificate& one, const TlsCertificate& other);

// An absolute path; none after an error, which is reported.
std::optional<std::string> read_path(NodeReader& reader, const ConfigNode& node,
                                     std::string_view label);

// Reads the files that a certificate came from anew; the error names one.
Result<std::shared_ptr<const TlsCertificate>> load_certificate(
    const TlsCertificate::Files& files, const ConfigSurroundings& surroundings);

}  // namespace tealgate
