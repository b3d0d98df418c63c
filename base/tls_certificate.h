// A certificate with its chain and key, as PEM files hold it. Immutable; workers share it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct ssl_st;
struct x509_st;

namespace tealgate {

class TlsCertificate {
 public:
  struct Files {
    std::string cert;  // the certificate and then its chain, as certbot's fullchain.pem
    std::string key;
    std::string ocsp;  // a DER response to staple; empty: none
    bool operator==(const Files&) const = default;
  };

  // Which certificates may stand side by side: a client is shown the one whose kind it knows.
  enum class KeyKind : std::uint8_t { Rsa, Ecdsa, Ed25519 };

  // What the files hold.
  struct Texts {
    std::string cert;
    std::string key;
    std::string ocsp;
  };

  // Refuses what holds no certificate, a key that does not fit, and what no handshake would come
  // about with; the error names the file. An expired one is taken: see has_expired(). So is an OCSP
  // response that is of no use: see staple_fault().
  static Result<std::shared_ptr<const TlsCertificate>> parse(const Files& files,
                                                             const Texts& texts);
  ~TlsCertificate();

  const Files& files() const { return files_; }
  KeyKind key_kind() const { return key_kind_; }
  // The names it is for, in lower case: DNS names of subjectAltName, without one the common name.
  // "*.example.com" is any one label below.
  const std::vector<std::string>& names() const { return names_; }
  // How well it fits a name in lower case: 2 names it, 1 by a wildcard, 0 not at all.
  int fits(std::string_view name) const;

  using Time = std::chrono::system_clock::time_point;
  Time valid_from() const { return valid_from_; }
  Time valid_until() const { return valid_until_; }
  bool has_expired(Time now) const { return now >= valid_until_; }
  // From when on one ought to worry: 14 days before its end, or less for one that lives for weeks.
  Time renewal_due() const;
  // "CN=shop.example.com, O=…" of the issuer, and the serial number in hex.
  const std::string& issuer() const { return issuer_; }
  const std::string& serial() const { return serial_; }
  // What is stapled at that time; empty: nothing.
  std::string_view staple(Time now) const;
  // Why there is none though a file was named, as a sentence; empty: all is well.
  std::string staple_fault(Time now) const;
  // Whether the content, not only the files, is the same.
  bool is_same_as(const TlsCertificate& other) const;

  bool is_leaf(const x509_st* certificate) const;

  // Shows it to the peer of `ssl`; beside others of another kind.
  bool use_for(ssl_st* ssl) const;

 private:
  struct Parts;
  explicit TlsCertificate(const Files& files);
  Result<void> read_chain(const std::string& text);
  Result<void> read_key(const std::string& text);
  Result<void> read_ocsp(const std::string& bytes);
  void read_facts();
  Result<void> tried() const;

  Files files_;
  std::unique_ptr<Parts> parts_;
  KeyKind key_kind_ = KeyKind::Rsa;
  std::vector<std::string> names_;
  Time valid_from_;
  Time valid_until_;
  std::string issuer_;
  std::string serial_;
  std::string ocsp_;  // empty: none that is for this certificate
  Time ocsp_until_ = Time::max();
};

}  // namespace tealgate
