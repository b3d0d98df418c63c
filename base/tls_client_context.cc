#include "base/tls_client_context.h"

#include <openssl/x509v3.h>

#include <utility>

#include "base/address.h"
#include "base/check.h"
#include "base/tls_handles.h"

namespace tealgate {

namespace {

constexpr unsigned char kProtocol[] = "\x08http/1.1";  // RFC 7301

// Servers come and go with reloads; more than this many at once are only slower.
constexpr std::size_t kMostMemories = 1000;

bool is_ip(const std::string& host) {
  return host.find('/') == std::string::npos && AddressBlock::parse(host).has_value();
}

}  // namespace

bool TlsClientSettings::is_same_as(const TlsClientSettings& other) const {
  const auto are_same = [](const auto& a, const auto& b, auto equal) {
    return a == b || (a && b && equal(*a, *b));
  };
  return name == other.name && ca_file == other.ca_file &&
         are_same(
             authorities, other.authorities,
             [](const TlsAuthorities& a, const TlsAuthorities& b) { return a.pem() == b.pem(); }) &&
         are_same(certificate, other.certificate,
                  [](const TlsCertificate& a, const TlsCertificate& b) { return a.is_same_as(b); });
}

struct TlsClientContext::Memory {
  SessionHandle session;
};

// What OpenSSL calls.
struct TlsClientContext::Callbacks {
  static int index() {
    static const int made = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return made;
  }
  // 1: the session is ours now.
  static int keep(SSL* ssl, SSL_SESSION* session) {
    auto* const memory = static_cast<Memory*>(SSL_get_ex_data(ssl, index()));
    if (!memory) return 0;
    memory->session.reset(session);
    return 1;
  }
};

TlsClientContext::TlsClientContext(const TlsClientSettings& settings, Resume resume)
    : context_(SSL_CTX_new(TLS_client_method())), settings_(settings), resume_(resume) {
  CHECK(context_, "out of memory");
  set_common_terms(context_);
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  SSL_CTX_set_alpn_protos(context_, kProtocol, sizeof kProtocol - 1);
  SSL_CTX_set_verify(context_, settings_.authorities ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (settings_.authorities) settings_.authorities->use_for(context_);
  if (resume_ == Resume::Never) {
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
    return;
  }
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_, &Callbacks::keep);
}

TlsClientContext::~TlsClientContext() {
  SSL_CTX_free(context_);
}

std::unique_ptr<TlsSession> TlsClientContext::connect(const Peer& peer) {
  SSL* const ssl = SSL_new(context_);
  CHECK(ssl, "out of memory");
  std::string name(settings_.name.empty() ? peer.host : settings_.name);
  if (name.ends_with('.')) name.pop_back();  // certificates and SNI (RFC 6066 3) have no last dot
  if (is_ip(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str());
  } else {
    SSL_set1_host(ssl, name.c_str());
    SSL_set_tlsext_host_name(ssl, name.c_str());
  }
  if (settings_.certificate) settings_.certificate->use_for(ssl);
  if (resume_ == Resume::Allowed) resume(ssl, peer.address);
  return std::make_unique<TlsSession>(ssl, TlsSession::Role::Client, shared_from_this());
}

void TlsClientContext::resume(ssl_st* ssl, std::string_view address) {
  auto known = memories_.find(address);
  if (known == memories_.end()) {
    if (memories_.size() >= kMostMemories) return;
    known = memories_.emplace(std::string(address), std::make_unique<Memory>()).first;
  }
  SSL_set_ex_data(ssl, Callbacks::index(), known->second.get());
  if (const SessionHandle& session = known->second->session) SSL_set_session(ssl, session.get());
}

}  // namespace tealgate
