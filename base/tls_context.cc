#include "base/tls_context.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/tls_authorities.h"
#include "base/tls_handles.h"

namespace tealgate {

namespace {

// RFC 7301: what we speak, the preferred one first.
constexpr unsigned char kProtocols[] = "\x08http/1.1\x08http/1.0";
constexpr unsigned kProtocolsBytes = sizeof kProtocols - 1;

// How long a ticket is good, if its key lives as long: see TlsTicketKeys.
constexpr long kTicketSeconds = 24L * 60 * 60;

void sk_free_ciphers(STACK_OF(SSL_CIPHER) * all) {
  sk_SSL_CIPHER_free(all);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

// What a context's cipher list leaves for TLS 1.2 once OpenSSL's security level has had its say.
struct Tls12Ciphers {
  bool has_rsa = false, has_ecdsa = false;
  bool are_open = false;  // one encrypts nothing, or leaves the server unproven

  bool has_any() const { return has_rsa || has_ecdsa; }
  static Tls12Ciphers of(SSL_CTX* context) {
    const SslHandle ssl(SSL_new(context));
    const std::unique_ptr<STACK_OF(SSL_CIPHER), TlsFree<sk_free_ciphers>> all(
        ssl ? SSL_get1_supported_ciphers(ssl.get()) : nullptr);
    Tls12Ciphers found;
    for (int i = 0; all && i < sk_SSL_CIPHER_num(all.get()); ++i) {
      const SSL_CIPHER* const one = sk_SSL_CIPHER_value(all.get(), i);
      const int proof = SSL_CIPHER_get_auth_nid(one);
      const int exchange = SSL_CIPHER_get_kx_nid(one);
      const bool is_usable = exchange == NID_kx_ecdhe || exchange == NID_kx_rsa;  // DHE: no group
      found.has_rsa = found.has_rsa || (is_usable && proof == NID_auth_rsa);
      found.has_ecdsa = found.has_ecdsa || (is_usable && proof == NID_auth_ecdsa);
      found.are_open =
          found.are_open || proof == NID_auth_null || SSL_CIPHER_get_cipher_nid(one) == NID_undef;
    }
    return found;
  }
};

}  // namespace

bool TlsServerSettings::is_same_as(const TlsServerSettings& other) const {
  return oldest == other.oldest && ciphers == other.ciphers && client_ca == other.client_ca &&
         client_certificates == other.client_certificates &&
         std::equal(certificates.begin(), certificates.end(), other.certificates.begin(),
                    other.certificates.end(),
                    [](const auto& a, const auto& b) { return a->is_same_as(*b); });
}

// What OpenSSL calls; `self` is the context whose session it is.
struct TlsServerContext::Callbacks {
  static int show_certificate(SSL* ssl, void* self) {
    return static_cast<const TlsServerContext*>(self)->show_certificate(ssl) ? 1 : 0;
  }

  static int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                             const unsigned char* offered, unsigned offered_size, void*) {
    unsigned char* found = nullptr;
    const int result =
        SSL_select_next_proto(&found, size, kProtocols, kProtocolsBytes, offered, offered_size);
    *chosen = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
  }

  static int staple(SSL* ssl, void* self) {
    const auto& settings = static_cast<const TlsServerContext*>(self)->settings_;
    const X509* const shown = SSL_get_certificate(ssl);
    for (const auto& certificate : settings.certificates) {
      const std::string_view response = certificate->staple(std::chrono::system_clock::now());
      if (response.empty() || !certificate->is_leaf(shown)) continue;
      void* const copy = OPENSSL_memdup(response.data(), response.size());
      SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(response.size()));
      return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
  }

  // Seals (`sealing` = 1) or opens a ticket: RFC 5077 4.
  static int ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                        EVP_MAC_CTX* mac, int sealing) {
    const auto* const self =
        static_cast<const TlsServerContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    const auto set_up = [&](const TlsTicketKeys::Key& key) {
      std::array<OSSL_PARAM, 3> parameters = {
          OSSL_PARAM_construct_octet_string(
              OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.hmac.data()), key.hmac.size()),
          OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>("SHA256"), 0),
          OSSL_PARAM_construct_end()};
      if (EVP_MAC_CTX_set_params(mac, parameters.data()) != 1) return false;
      return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.aes.data(), iv, sealing) ==
             1;
    };
    if (sealing == 1) {
      const TlsTicketKeys::Key key = self->tickets_->newest();
      std::memcpy(name, key.name.data(), key.name.size());
      if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
      return set_up(key) ? 1 : -1;
    }
    const auto found =
        self->tickets_->find({reinterpret_cast<const char*>(name),
                              std::tuple_size_v<decltype(TlsTicketKeys::Key::name)>});
    if (!found) return 0;  // a whole handshake
    if (!set_up(found->key)) return -1;
    // 2: and a fresh ticket. Clients use one of TLS 1.3 once (RFC 8446 C.4).
    return found->is_newest && SSL_version(ssl) != TLS1_3_VERSION ? 1 : 2;
  }
};

TlsServerContext::TlsServerContext(const TlsServerSettings& settings,
                                   std::shared_ptr<const TlsTicketKeys> tickets)
    : context_(SSL_CTX_new(TLS_server_method())),
      settings_(settings),
      tickets_(std::move(tickets)) {
  CHECK(context_, "out of memory");
  CHECK(!settings_.certificates.empty(), "a TLS listener without a certificate");
}

TlsServerContext::~TlsServerContext() {
  SSL_CTX_free(context_);
}

Result<std::shared_ptr<TlsServerContext>> TlsServerContext::make(
    const TlsServerSettings& settings, std::shared_ptr<const TlsTicketKeys> tickets) {
  std::shared_ptr<TlsServerContext> made(new TlsServerContext(settings, std::move(tickets)));
  if (Result<void> done = made->set_up(); !done) return tl::make_unexpected(done.error());
  return made;
}

Result<void> TlsServerContext::set_up() {
  set_common_terms(context_);
  SSL_CTX_set_min_proto_version(
      context_, settings_.oldest == TlsVersion::Tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  if (Result<void> done = set_up_ciphers(); !done) return done;
  SSL_CTX_set_app_data(context_, this);
  SSL_CTX_set_cert_cb(context_, &Callbacks::show_certificate, this);
  SSL_CTX_set_alpn_select_cb(context_, &Callbacks::choose_protocol, nullptr);
  SSL_CTX_set_tlsext_status_cb(context_, &Callbacks::staple);
  SSL_CTX_set_tlsext_status_arg(context_, this);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(context_, kTicketSeconds);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context_, &Callbacks::ticket_key);
  return set_up_client_certificates();
}

Result<void> TlsServerContext::set_up_ciphers() {
  SSL_CTX_set_options(context_, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_ciphersuites(context_, kTls13Ciphers.data());
  const std::string ciphers(settings_.ciphers.empty() ? kTls12Ciphers : settings_.ciphers);
  // @SECLEVEL would change what keys and hashes are good for, too.
  if (ciphers.find('@') != std::string::npos) {
    return error("the cipher list \"{}\" has an @ command: name ciphers alone", ciphers);
  }
  const bool is_list = SSL_CTX_set_cipher_list(context_, ciphers.c_str()) == 1;
  ERR_clear_error();
  const Tls12Ciphers left = is_list ? Tls12Ciphers::of(context_) : Tls12Ciphers();
  if (left.are_open) {
    return error(
        "the cipher list \"{}\" allows ciphers that hide or prove nothing: add !aNULL:!eNULL",
        ciphers);
  }
  const bool is_needed = settings_.oldest == TlsVersion::Tls12;
  if (!is_list || (is_needed && !left.has_any())) {
    return error("the cipher list \"{}\" leaves no cipher", ciphers);
  }
  for (const auto& certificate : settings_.certificates) {
    const bool is_rsa = certificate->key_kind() == TlsCertificate::KeyKind::Rsa;
    if (!is_needed || (is_rsa ? left.has_rsa : left.has_ecdsa)) continue;
    return error("the cipher list \"{}\" leaves no cipher for {}: add ECDHE-{}-AES128-GCM-SHA256",
                 ciphers, certificate->files().cert, is_rsa ? "RSA" : "ECDSA");
  }
  return {};
}

Result<void> TlsServerContext::set_up_client_certificates() {
  // Whom a ticket was given under one policy is not resumed under another.
  const std::string policy =
      std::to_string(static_cast<int>(settings_.client_certificates)) + settings_.client_ca;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  EVP_Digest(policy.data(), policy.size(), digest.data(), &size, EVP_sha256(), nullptr);
  SSL_CTX_set_session_id_context(context_, digest.data(), size);
  if (settings_.client_certificates == ClientCertificates::NotAsked) return {};
  const auto authorities = TlsAuthorities::parse(settings_.client_ca);
  if (!authorities) return error("client_ca {}", authorities.error().message);
  (*authorities)->use_for_clients(context_);
  const bool is_required = settings_.client_certificates == ClientCertificates::Required;
  SSL_CTX_set_verify(
      context_, SSL_VERIFY_PEER | (is_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  return {};
}

std::unique_ptr<TlsSession> TlsServerContext::accept() const {
  return std::make_unique<TlsSession>(SSL_new(context_), TlsSession::Role::Server,
                                      shared_from_this());
}

// One of each kind of key that fits the name best; OpenSSL shows the one that the client knows.
bool TlsServerContext::show_certificate(ssl_st* ssl) const {
  const char* const asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const std::string name = asked ? lower(asked) : "";
  bool has_shown = false;
  using Kind = TlsCertificate::KeyKind;
  for (const Kind kind : {Kind::Rsa, Kind::Ecdsa, Kind::Ed25519}) {
    if (const TlsCertificate* const best = best_for(name, kind)) {
      has_shown = best->use_for(ssl) || has_shown;
    }
  }
  if (has_shown) return true;
  for (const TlsCertificate* const one : defaults()) has_shown = one->use_for(ssl) || has_shown;
  return has_shown;
}

// The first, and what stands beside it for one of its names with another kind of key.
std::vector<const TlsCertificate*> TlsServerContext::defaults() const {
  std::vector<const TlsCertificate*> all = {settings_.certificates.front().get()};
  for (const auto& certificate : settings_.certificates) {
    const bool is_new_kind = std::ranges::none_of(
        all, [&](const auto* one) { return one->key_kind() == certificate->key_kind(); });
    const bool is_beside = std::ranges::any_of(
        all.front()->names(), [&](const auto& name) { return certificate->fits(name) > 0; });
    if (is_new_kind && is_beside) all.push_back(certificate.get());
  }
  return all;
}

// Null if none of that kind fits. A name in full wins over a wildcard, the first over later ones.
const TlsCertificate* TlsServerContext::best_for(std::string_view name,
                                                 TlsCertificate::KeyKind kind) const {
  const TlsCertificate* best = nullptr;
  int best_fit = 0;
  for (const auto& certificate : settings_.certificates) {
    if (certificate->key_kind() != kind) continue;
    const int fit = certificate->fits(name);
    if (fit > best_fit) {
      best = certificate.get();
      best_fit = fit;
    }
  }
  return best;
}

}  // namespace tealgate
