// What the TLS sessions towards the servers of one pool have in common.
//
// One a thread, which alone makes sessions with it: it remembers what servers gave it to resume
// with. Sessions keep their context alive.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/tls_authorities.h"
#include "base/tls_certificate.h"
#include "base/tls_session.h"

struct ssl_ctx_st;

namespace tealgate {

struct TlsClientSettings {
  std::shared_ptr<const TlsAuthorities> authorities;  // null: any peer is believed
  std::string ca_file;                                // that they were read from
  std::string name;  // that the certificate must be for, and that is asked for; empty: the host's
  std::shared_ptr<const TlsCertificate> certificate;  // ours, if servers ask; null: none

  // Whether sessions come out the same.
  bool is_same_as(const TlsClientSettings& other) const;
};

class TlsClientContext : public std::enable_shared_from_this<TlsClientContext> {
 public:
  // Whether a later session with a server may leave out what an earlier one has proven.
  enum class Resume : std::uint8_t { Never, Allowed };

  TlsClientContext(const TlsClientSettings& settings, Resume resume);
  ~TlsClientContext();

  struct Peer {
    std::string_view host;  // a name or an address, in place of a name that the settings leave open
    std::string_view address;  // tells servers of one name apart
  };
  std::unique_ptr<TlsSession> connect(const Peer& peer);

 private:
  struct Memory;  // what one server gave us
  struct Callbacks;
  void resume(ssl_st* ssl, std::string_view address);

  ssl_ctx_st* context_;
  const TlsClientSettings settings_;
  const Resume resume_;
  std::map<std::string, std::unique_ptr<Memory>, std::less<>> memories_;
};

}  // namespace tealgate
