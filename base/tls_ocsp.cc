#include "base/tls_ocsp.h"

#include <openssl/ocsp.h>

#include <array>
#include <ctime>
#include <memory>
#include <string_view>

#include "base/tls_handles.h"

namespace tealgate {
namespace {

// By serial number and the hash of the issuer's name: all that can be told without the issuer.
bool is_about(const OCSP_CERTID* id, const X509* certificate) {
  ASN1_OCTET_STRING* name_hash = nullptr;
  ASN1_OBJECT* algorithm = nullptr;
  ASN1_INTEGER* serial = nullptr;
  OCSP_id_get0_info(&name_hash, &algorithm, nullptr, &serial, const_cast<OCSP_CERTID*>(id));
  if (ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate)) != 0) return false;
  const EVP_MD* const digest = EVP_get_digestbyobj(algorithm);
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  if (!digest ||
      X509_NAME_digest(X509_get_issuer_name(certificate), digest, hash.data(), &size) != 1)
    return false;
  return std::string_view(reinterpret_cast<const char*>(hash.data()), size) ==
         std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name_hash)),
                          static_cast<std::size_t>(ASN1_STRING_length(name_hash)));
}

OcspAnswer answer_of(OCSP_SINGLERESP* single) {
  OcspAnswer answer{.is_found = true};
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  OCSP_single_get0_status(single, nullptr, nullptr, nullptr, &next_update);
  std::tm parts{};
  if (next_update && ASN1_TIME_to_tm(next_update, &parts) == 1)
    answer.until = std::chrono::system_clock::from_time_t(timegm(&parts));
  return answer;
}

}  // namespace

std::optional<OcspAnswer> OcspAnswer::find(const std::string& der, const x509_st* certificate) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<OCSP_RESPONSE, TlsFree<OCSP_RESPONSE_free>> response(
      d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  const bool is_successful =
      response && OCSP_response_status(response.get()) == OCSP_RESPONSE_STATUS_SUCCESSFUL;
  const std::unique_ptr<OCSP_BASICRESP, TlsFree<OCSP_BASICRESP_free>> basic(
      is_successful ? OCSP_response_get1_basic(response.get()) : nullptr);
  ERR_clear_error();
  if (!basic) return std::nullopt;
  for (int i = 0; i < OCSP_resp_count(basic.get()); ++i) {
    OCSP_SINGLERESP* const single = OCSP_resp_get0(basic.get(), i);
    if (is_about(OCSP_SINGLERESP_get0_id(single), certificate)) return answer_of(single);
  }
  return OcspAnswer{};
}

}  // namespace tealgate
