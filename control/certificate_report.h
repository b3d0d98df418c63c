// What `GET /v1/status` says of certificates. The contract is docs/control-api.md.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "control/access.h"
#include "control/config.h"
#include "control/tls_renewal.h"

namespace tealgate {

// CERTIFICATE objects, each certificate once.
nlohmann::ordered_json certificates_array(const Config& config, WallTime now);
// Of them, what a caller may know: those of his services, and of each what is about these. Its
// names are told to everybody who connects.
void keep_certificates(nlohmann::ordered_json& certificates, const Access& access);
nlohmann::ordered_json tls_faults_array(const std::vector<TlsFault>& faults);

}  // namespace tealgate
