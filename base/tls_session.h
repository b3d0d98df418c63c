// One TLS connection as a filter: encrypted bytes in, plain bytes out, and the other way round. No
// socket, no clock. The contexts of tls_context.h make them; Stream drives them.
//
//   server:           take ──▶ handshake ──▶ established ──take / encrypt──▶ ended
//   client:  start ──▶ take ──▶ handshake ──▶ established …
//
// Whatever is to be sent (handshake, records, alerts, tickets) is appended to `out`, in the order
// in which it must go. Between two calls a session holds no plain bytes, and of encrypted ones at
// most a part of a record (16 KiB).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct ssl_st;

namespace tealgate {

class TlsSession {
 public:
  enum class Role : std::uint8_t { Server, Client };

  // `ssl` is made by a context, which `context` keeps alive.
  TlsSession(ssl_st* ssl, Role role, std::shared_ptr<const void> context);
  ~TlsSession();

  Role role() const { return role_; }
  bool is_established() const;

  // Clients: the first message.
  void start(std::string& out);

  struct Step {
    enum class Outcome : std::uint8_t {
      Open,
      Ended,   // the peer said that nothing follows (close_notify)
      NotTls,  // servers: the very first byte is none of TLS; nothing was taken (clients: Failed)
      Failed   // the connection must be closed after `out` was sent; see failure()
    };
    std::string_view plain;  // in `room`
    Outcome outcome = Outcome::Open;
  };
  // `room` must have 32 KiB more than `cipher`.
  Step take(std::string_view cipher, std::span<char> room, std::string& out);

  // Once established. Pieces of a record are gathered; finish_record() ends the last one.
  void encrypt(std::string_view plain, std::string& out);
  void finish_record(std::string& out);
  // Says that nothing follows.
  void shut_down(std::string& out);

  // What went wrong, in words for people.
  std::string_view failure() const { return failure_; }
  // Clients: the server refuses us for want of a certificate that it likes. It read nothing of what
  // was said to it, though with TLS 1.3 the session was established by then.
  bool has_refused_us() const { return has_refused_us_; }

  // Once established: "TLSv1.3", the cipher suite, the name that the client asked for.
  std::string_view version() const;
  std::string_view cipher() const;
  std::string_view server_name() const;
  bool is_resumed() const;
  // Of a peer whose certificate was verified: the first DNS, URI or mail name of subjectAltName,
  // else the common name; anything but visible ASCII percent-encoded. Empty without a certificate.
  std::string peer_name() const;

 private:
  struct Bio;
  struct Verdict;
  bool is_foreign(char first_byte) const;
  void write_record(std::string_view plain, std::string& out);
  Step fail();

  std::unique_ptr<Bio> bio_;
  ssl_st* ssl_;
  std::shared_ptr<const void> context_;
  std::string failure_;
  Role role_;
  bool has_heard_ = false;  // the peer said something
  bool has_refused_us_ = false;
};

}  // namespace tealgate
