#include "base/tls_certificate.h"

#include <fmt/core.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

#include "base/check.h"
#include "base/clock.h"
#include "base/tls_handles.h"
#include "base/tls_ocsp.h"

namespace tealgate {

namespace {

using StackHandle =
    std::unique_ptr<STACK_OF(X509),
                    decltype([](STACK_OF(X509) * all) { sk_X509_pop_free(all, X509_free); })>;

BioHandle memory(const std::string& text) {
  return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Nobody is there to type one.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return text;
}

TlsCertificate::Time time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

std::string one_line(const X509_NAME* name) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string serial_of(const X509* certificate) {
  const std::unique_ptr<BIGNUM, TlsFree<BN_free>> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  char* const digits = number ? BN_bn2hex(number.get()) : nullptr;
  const std::string text = digits ? lower(digits) : "";
  OPENSSL_free(digits);
  return text;
}

std::string common_name(const X509* certificate) {
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return name;
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, TlsFree<GENERAL_NAMES_free>> all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* const one = sk_GENERAL_NAME_value(all.get(), i);
    if (one->type != GEN_DNS) continue;
    const ASN1_STRING* const text = one->d.dNSName;
    const std::string_view name(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                static_cast<std::size_t>(ASN1_STRING_length(text)));
    if (name.find('\0') == std::string_view::npos) names.push_back(lower(std::string(name)));
  }
  if (names.empty() && !common_name(certificate).empty()) {
    names.push_back(lower(common_name(certificate)));
  }
  return names;
}

// Clients know these three; with others a handshake fails (P-192 and P-224 are too weak besides).
Result<void> check_curve(const EVP_PKEY& key, const std::string& file) {
  std::array<char, 80> name{};
  EVP_PKEY_get_group_name(&key, name.data(), name.size(), nullptr);
  const std::string_view curve(name.data());
  if (curve == SN_X9_62_prime256v1 || curve == SN_secp384r1 || curve == SN_secp521r1) return {};
  return error("{} is a key on the curve {}, which clients do not know: take P-256 or P-384", file,
               curve.empty() ? "of its own" : curve);
}

}  // namespace

struct TlsCertificate::Parts {
  X509Handle leaf;
  StackHandle chain{sk_X509_new_null()};
  KeyHandle key;

  bool has_chain_of(const Parts& other) const;
};

TlsCertificate::TlsCertificate(const Files& files)
    : files_(files), parts_(std::make_unique<Parts>()) {}
TlsCertificate::~TlsCertificate() = default;

Result<std::shared_ptr<const TlsCertificate>> TlsCertificate::parse(const Files& files,
                                                                    const Texts& texts) {
  std::shared_ptr<TlsCertificate> made(new TlsCertificate(files));
  Result<void> done = made->read_chain(texts.cert);
  if (done) done = made->read_key(texts.key);
  if (done) done = made->tried();
  if (done) done = made->read_ocsp(texts.ocsp);
  if (!done) return tl::make_unexpected(done.error());
  made->read_facts();
  return made;
}

Result<void> TlsCertificate::read_chain(const std::string& text) {
  const BioHandle in = memory(text);
  parts_->leaf.reset(PEM_read_bio_X509_AUX(in.get(), nullptr, no_passphrase, nullptr));
  if (!parts_->leaf) {
    const std::string why = tls_error();
    return error("{} holds no certificate in PEM form ({})", files_.cert, why);
  }
  while (X509* const next = PEM_read_bio_X509(in.get(), nullptr, no_passphrase, nullptr)) {
    sk_X509_push(parts_->chain.get(), next);
  }
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string why = tls_error();
  if (!is_end) return error("a certificate in {} cannot be read ({})", files_.cert, why);
  return {};
}

Result<void> TlsCertificate::read_key(const std::string& text) {
  parts_->key.reset(PEM_read_bio_PrivateKey(memory(text).get(), nullptr, no_passphrase, nullptr));
  if (!parts_->key) {
    const std::string why = tls_error();
    if (text.find("ENCRYPTED") != std::string::npos) {
      return error("{} has a passphrase, which nobody could type: take it off", files_.key);
    }
    return error("{} holds no private key in PEM form ({})", files_.key, why);
  }
  if (X509_check_private_key(parts_->leaf.get(), parts_->key.get()) != 1) {
    ERR_clear_error();
    return error("{} is not the key of {}", files_.key, files_.cert);
  }
  switch (EVP_PKEY_get_base_id(parts_->key.get())) {
    case EVP_PKEY_RSA:
      key_kind_ = KeyKind::Rsa;
      return {};
    case EVP_PKEY_EC:
      key_kind_ = KeyKind::Ecdsa;
      return check_curve(*parts_->key, files_.key);
    case EVP_PKEY_ED25519:
      key_kind_ = KeyKind::Ed25519;
      return {};
    default:
      return error("{} is neither an RSA, an ECDSA nor an Ed25519 key", files_.key);
  }
}

// OpenSSL has an opinion of its own, by its security level: it must not come up in handshakes.
Result<void> TlsCertificate::tried() const {
  const SslCtxHandle context(SSL_CTX_new(TLS_method()));
  const SslHandle ssl(context ? SSL_new(context.get()) : nullptr);
  CHECK(ssl, "out of memory");
  ERR_clear_error();
  if (SSL_use_cert_and_key(ssl.get(), parts_->leaf.get(), parts_->key.get(), parts_->chain.get(),
                           1) == 1) {
    return {};
  }
  const std::string why = tls_error();
  const bool is_small = why.ends_with("key too small");
  return error("the certificate in {} is refused by OpenSSL ({}){}", files_.cert, why,
               is_small ? ": an RSA key needs 2048 bits" : "");
}

Result<void> TlsCertificate::read_ocsp(const std::string& bytes) {
  if (files_.ocsp.empty()) return {};
  const std::optional<OcspAnswer> answer = OcspAnswer::find(bytes, parts_->leaf.get());
  if (!answer) return error("{} holds no successful OCSP response in DER form", files_.ocsp);
  if (!answer->is_found) return {};
  ocsp_ = bytes;
  ocsp_until_ = answer->until;
  return {};
}

std::string_view TlsCertificate::staple(Time now) const {
  return now < ocsp_until_ ? std::string_view(ocsp_) : std::string_view();
}

std::string TlsCertificate::staple_fault(Time now) const {
  if (files_.ocsp.empty() || !staple(now).empty()) return {};
  if (ocsp_.empty()) {
    return fmt::format("the OCSP response in {} is for another certificate than that in {}",
                       files_.ocsp, files_.cert);
  }
  return fmt::format("the OCSP response in {} has ended at {}", files_.ocsp,
                     format_wall_time(ocsp_until_));
}

void TlsCertificate::read_facts() {
  X509* const leaf = parts_->leaf.get();
  names_ = names_of(leaf);
  valid_from_ = time_of(X509_get0_notBefore(leaf));
  valid_until_ = time_of(X509_get0_notAfter(leaf));
  issuer_ = one_line(X509_get_issuer_name(leaf));
  serial_ = serial_of(leaf);
}

TlsCertificate::Time TlsCertificate::renewal_due() const {
  constexpr Time::duration kAhead = std::chrono::days(14);
  return valid_until_ - std::min(kAhead, (valid_until_ - valid_from_) / 3);
}

int TlsCertificate::fits(std::string_view name) const {
  int best = 0;
  for (const std::string& one : names_) {
    if (one == name) return 2;
    if (!one.starts_with("*.")) continue;
    const std::size_t dot = name.find('.');
    if (dot != 0 && dot != std::string_view::npos && name.substr(dot) == one.substr(1)) best = 1;
  }
  return best;
}

bool TlsCertificate::Parts::has_chain_of(const Parts& other) const {
  const int count = sk_X509_num(chain.get());
  if (count != sk_X509_num(other.chain.get())) return false;
  for (int i = 0; i < count; ++i) {
    if (X509_cmp(sk_X509_value(chain.get(), i), sk_X509_value(other.chain.get(), i)) != 0)
      return false;
  }
  return true;
}

bool TlsCertificate::is_same_as(const TlsCertificate& other) const {
  return files_ == other.files_ && ocsp_ == other.ocsp_ &&
         X509_cmp(parts_->leaf.get(), other.parts_->leaf.get()) == 0 &&
         EVP_PKEY_eq(parts_->key.get(), other.parts_->key.get()) == 1 &&
         parts_->has_chain_of(*other.parts_);
}

bool TlsCertificate::is_leaf(const x509_st* certificate) const {
  return certificate && X509_cmp(parts_->leaf.get(), certificate) == 0;
}

bool TlsCertificate::use_for(ssl_st* ssl) const {
  const int done =
      SSL_use_cert_and_key(ssl, parts_->leaf.get(), parts_->key.get(), parts_->chain.get(), 1);
  ERR_clear_error();
  return done == 1;
}

}  // namespace tealgate
