// What an OCSP response says of one certificate: RFC 6960. Its signature is for clients to verify.
#pragma once

#include <chrono>
#include <optional>
#include <string>

struct x509_st;

namespace tealgate {

struct OcspAnswer {
  bool is_found = false;  // it is about the certificate
  // Until when clients believe it.
  std::chrono::system_clock::time_point until = std::chrono::system_clock::time_point::max();

  // None: `der` is no successful response.
  static std::optional<OcspAnswer> find(const std::string& der, const x509_st* certificate);
};

}  // namespace tealgate
