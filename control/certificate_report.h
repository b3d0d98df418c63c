// What `GET /v1/status` says of certificates. The contract is docs/control-api.md.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "control/config.h"
#include "control/tls_renewal.h"

namespace tealgate {

// CERTIFICATE objects, each certificate once.
nlohmann::ordered_json certificates_array(const Config& config, WallTime now);
nlohmann::ordered_json tls_faults_array(const std::vector<TlsFault>& faults);

}  // namespace tealgate
