#include "base/tls_digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <charconv>

#include "base/check.h"

namespace tealgate {

Sha256 sha256(std::string_view bytes) {
  Sha256 digest{};
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  CHECK(done == 1, "SHA-256 is always there");
  return digest;
}

bool is_same_digest(const Sha256& a, const Sha256& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<Sha256> parse_sha256(std::string_view hex) {
  Sha256 digest{};
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const char* const begin = hex.data() + 2 * i;
    const auto [end, failed] = std::from_chars(begin, begin + 2, digest[i], 16);
    if (failed != std::errc() || end != begin + 2) return std::nullopt;
  }
  return digest;
}

}  // namespace tealgate
