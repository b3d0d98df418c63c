#include "base/tls_authorities.h"

#include <openssl/pem.h>

#include <cstdlib>
#include <utility>

#include "base/check.h"
#include "base/tls_handles.h"

namespace tealgate {

TlsAuthorities::TlsAuthorities(std::string pem) : pem_(std::move(pem)), store_(X509_STORE_new()) {
  CHECK(store_, "out of memory");
}

TlsAuthorities::~TlsAuthorities() {
  X509_STORE_free(store_);
}

Result<std::shared_ptr<const TlsAuthorities>> TlsAuthorities::parse(std::string pem) {
  std::shared_ptr<TlsAuthorities> made(new TlsAuthorities(std::move(pem)));
  const BioHandle in(BIO_new_mem_buf(made->pem_.data(), static_cast<int>(made->pem_.size())));
  std::size_t count = 0;
  while (const X509Handle one{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(made->store_, one.get());
    ++count;
  }
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string why = tls_error();
  if (count == 0) return error("holds no certificates in PEM form");
  if (!is_end) return error("holds a certificate that cannot be read ({})", why);
  return made;
}

std::vector<std::string> TlsAuthorities::system_files() {
  std::vector<std::string> files = {X509_get_default_cert_file(),
                                    "/etc/ssl/certs/ca-certificates.crt",
                                    "/etc/pki/tls/certs/ca-bundle.crt"};
  const char* const chosen = std::getenv(X509_get_default_cert_file_env());
  if (chosen && *chosen) files.insert(files.begin(), chosen);
  return files;
}

void TlsAuthorities::use_for(ssl_ctx_st* context) const {
  SSL_CTX_set1_cert_store(context, store_);
}

void TlsAuthorities::use_for_clients(ssl_ctx_st* context) const {
  use_for(context);
  const STACK_OF(X509_OBJECT)* const all = X509_STORE_get0_objects(store_);
  for (int i = 0; i < sk_X509_OBJECT_num(all); ++i) {
    SSL_CTX_add_client_CA(context, X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i)));
  }
}

}  // namespace tealgate
