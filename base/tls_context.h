// What the TLS sessions of one listener have in common; those towards servers:
// tls_client_context.h.
//
// One context a worker (OpenSSL's locks are contended otherwise); what contexts share is immutable
// (certificates) or locks itself (ticket keys). Sessions keep their context alive.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tls_certificate.h"
#include "base/tls_session.h"
#include "base/tls_tickets.h"

struct ssl_ctx_st;

namespace tealgate {

enum class TlsVersion : std::uint8_t { Tls12, Tls13 };
enum class ClientCertificates : std::uint8_t { NotAsked, Optional, Required };

// The ciphers of TLS 1.2 unless the operator says otherwise: those of Mozilla's "intermediate"
// profile with ephemeral elliptic curves. TLS 1.3 has only good ones. The order is ours: the least
// work first, but ChaCha20 for a client that puts it first, as those without AES in hardware do.
inline constexpr std::string_view kTls12Ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
inline constexpr std::string_view kTls13Ciphers =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

struct TlsServerSettings {
  // The first, and those of other kinds for the same name, are shown to a client that asks for no
  // name, or for one that none fits; at least one.
  std::vector<std::shared_ptr<const TlsCertificate>> certificates;
  TlsVersion oldest = TlsVersion::Tls12;
  std::string ciphers;              // of TLS 1.2, as OpenSSL lists them; empty: kTls12Ciphers
  std::string client_ca;            // PEM text: those who may sign clients' certificates
  std::string client_ca_file = {};  // that it was read from
  ClientCertificates client_certificates = ClientCertificates::NotAsked;

  // Whether sessions come out the same.
  bool is_same_as(const TlsServerSettings& other) const;
};

class TlsServerContext : public std::enable_shared_from_this<TlsServerContext> {
 public:
  // The error says which setting is wrong.
  static Result<std::shared_ptr<TlsServerContext>> make(
      const TlsServerSettings& settings, std::shared_ptr<const TlsTicketKeys> tickets);
  ~TlsServerContext();

  std::unique_ptr<TlsSession> accept() const;

 private:
  TlsServerContext(const TlsServerSettings& settings, std::shared_ptr<const TlsTicketKeys> tickets);
  Result<void> set_up();
  Result<void> set_up_ciphers();
  Result<void> set_up_client_certificates();
  bool show_certificate(ssl_st* ssl) const;
  std::vector<const TlsCertificate*> defaults() const;
  const TlsCertificate* best_for(std::string_view name, TlsCertificate::KeyKind kind) const;

  struct Callbacks;

  ssl_ctx_st* context_;
  const TlsServerSettings settings_;
  const std::shared_ptr<const TlsTicketKeys> tickets_;
};

}  // namespace tealgate
