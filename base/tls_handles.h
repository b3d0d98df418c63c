// Sole ownership of what OpenSSL allocates, and its errors as words. For base/tls* only.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace tealgate {

template <auto free>
struct TlsFree {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};

using BioHandle = std::unique_ptr<BIO, TlsFree<BIO_free_all>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, TlsFree<EVP_PKEY_free>>;
using X509Handle = std::unique_ptr<X509, TlsFree<X509_free>>;
using SslHandle = std::unique_ptr<SSL, TlsFree<SSL_free>>;
using SessionHandle = std::unique_ptr<SSL_SESSION, TlsFree<SSL_SESSION_free>>;
using SslCtxHandle = std::unique_ptr<SSL_CTX, TlsFree<SSL_CTX_free>>;

// What listeners and clients have in common.
inline void set_common_terms(SSL_CTX* context) {
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384");
}

// The first error in OpenSSL's queue in its words ("no start line"), which empties the queue.
inline std::string tls_error() {
  const unsigned long code = ERR_get_error();
  const char* const reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return reason ? reason : "unknown reason";
}

}  // namespace tealgate
