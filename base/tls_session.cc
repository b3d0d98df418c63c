#include "base/tls_session.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/tls_handles.h"
#include "base/tls_names.h"

namespace tealgate {

namespace {

constexpr std::size_t kRecordBytes = 16 * 1024;  // RFC 8446 5.1
constexpr char kAlertRecord = 0x15;
constexpr char kHandshakeRecord = 0x16;

// A record's plain bytes until it is full. One a thread: no session holds any between two calls.
struct Staging {
  std::array<char, kRecordBytes> bytes;
  std::size_t size = 0;
};
thread_local Staging staging;

// RFC 8446 6.2: alerts of a server that wants another certificate of ours, or one at all.
bool is_about_certificate(int reason) {
  switch (reason) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return true;
    default:
      return false;
  }
}

}  // namespace

// What there is to say against a server's certificate. OpenSSL judges it while a session takes what
// the server says; once a thread.
struct TlsSession::Verdict {
  static thread_local std::string words;

  static int judge(int is_fine, X509_STORE_CTX* context) {
    if (is_fine == 1) return 1;
    const int code = X509_STORE_CTX_get_error(context);
    words = X509_verify_cert_error_string(code);
    switch (code) {
      case X509_V_ERR_HOSTNAME_MISMATCH:
      case X509_V_ERR_IP_ADDRESS_MISMATCH:
        words = "name mismatch: the certificate is for " +
                tls_names(X509_STORE_CTX_get_current_cert(context)) + ", not for " + asked(context);
        break;
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
      case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        words = "certificate signed by an unknown authority (" + words + ")";
        break;
      default:
        break;
    }
    return 0;
  }

  static std::string asked(X509_STORE_CTX* context) {
    X509_VERIFY_PARAM* const terms = X509_STORE_CTX_get0_param(context);
    if (const char* const host = X509_VERIFY_PARAM_get0_host(terms, 0)) return host;
    char* const address = X509_VERIFY_PARAM_get1_ip_asc(terms);
    std::string text = address ? address : "";
    OPENSSL_free(address);
    return text;
  }
};
thread_local std::string TlsSession::Verdict::words;

// What OpenSSL reads from and writes to.
struct TlsSession::Bio {
  std::string_view in;
  std::string* out = nullptr;

  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* const method =
          BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "session");
      CHECK(method, "out of memory");
      BIO_meth_set_read_ex(method, read);
      BIO_meth_set_write_ex(method, write);
      BIO_meth_set_ctrl(method, control);
      return method;
    }();
    return made;
  }

  static int read(BIO* bio, char* to, std::size_t size, std::size_t* taken) {
    BIO_clear_retry_flags(bio);
    std::string_view& in = static_cast<Bio*>(BIO_get_data(bio))->in;
    *taken = std::min(size, in.size());
    if (*taken == 0) {
      BIO_set_retry_read(bio);
      return 0;
    }
    std::memcpy(to, in.data(), *taken);
    in.remove_prefix(*taken);
    return 1;
  }

  static int write(BIO* bio, const char* from, std::size_t size, std::size_t* written) {
    std::string* const out = static_cast<Bio*>(BIO_get_data(bio))->out;
    if (out) out->append(from, size);
    *written = size;
    return 1;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }
};

TlsSession::TlsSession(ssl_st* ssl, Role role, std::shared_ptr<const void> context)
    : bio_(std::make_unique<Bio>()), ssl_(ssl), context_(std::move(context)), role_(role) {
  BIO* const bio = BIO_new(Bio::method());
  CHECK(ssl_ && bio, "out of memory");
  BIO_set_data(bio, bio_.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  role == Role::Server ? SSL_set_accept_state(ssl_) : SSL_set_connect_state(ssl_);
  if (role == Role::Client) SSL_set_verify(ssl_, SSL_get_verify_mode(ssl_), &Verdict::judge);
}

TlsSession::~TlsSession() {
  bio_->out = nullptr;
  SSL_free(ssl_);
}

bool TlsSession::is_established() const {
  return SSL_is_init_finished(ssl_) == 1;
}

void TlsSession::start(std::string& out) {
  bio_->out = &out;
  SSL_do_handshake(ssl_);
  ERR_clear_error();
}

TlsSession::Step TlsSession::take(std::string_view cipher, std::span<char> room, std::string& out) {
  if (!cipher.empty() && !std::exchange(has_heard_, true) && is_foreign(cipher[0])) {
    if (role_ == Role::Server) return {{}, Step::Outcome::NotTls};
    failure_ = "the server speaks no TLS";
    return {{}, Step::Outcome::Failed};
  }
  bio_->in = cipher;
  bio_->out = &out;
  std::size_t plain = 0;
  Step step;
  while (plain < room.size()) {
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_, room.data() + plain, room.size() - plain, &got);
    plain += got;
    if (result == 1) continue;
    const int why = SSL_get_error(ssl_, result);
    if (why == SSL_ERROR_ZERO_RETURN) step.outcome = Step::Outcome::Ended;
    if (why != SSL_ERROR_ZERO_RETURN && why != SSL_ERROR_WANT_READ) step = fail();
    break;
  }
  step.plain = {room.data(), plain};
  bio_->in = {};
  return step;
}

// A server that does not like our first message may answer with an alert.
bool TlsSession::is_foreign(char first_byte) const {
  return first_byte != kHandshakeRecord && (role_ == Role::Server || first_byte != kAlertRecord);
}

TlsSession::Step TlsSession::fail() {
  const unsigned long code = ERR_peek_error();
  const char* const reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  failure_ = reason ? reason : "a broken TLS connection";
  if (role_ == Role::Client) {
    const int number = ERR_GET_REASON(code);
    has_refused_us_ = is_about_certificate(number);
    if (number == SSL_R_CERTIFICATE_VERIFY_FAILED) failure_ = std::exchange(Verdict::words, {});
    if (number == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED)
      failure_ = "the server asks for a client's certificate";
    else if (has_refused_us_)
      failure_ = "the server refuses our certificate (" + failure_ + ")";
  }
  ERR_clear_error();
  return {{}, Step::Outcome::Failed};
}

void TlsSession::encrypt(std::string_view plain, std::string& out) {
  while (!plain.empty()) {
    if (staging.size == 0 && plain.size() >= kRecordBytes) {
      const std::size_t whole = plain.size() / kRecordBytes * kRecordBytes;
      write_record(plain.substr(0, whole), out);
      plain.remove_prefix(whole);
      continue;
    }
    const std::size_t more = std::min(plain.size(), kRecordBytes - staging.size);
    std::memcpy(staging.bytes.data() + staging.size, plain.data(), more);
    staging.size += more;
    plain.remove_prefix(more);
    if (staging.size == kRecordBytes) finish_record(out);
  }
}

void TlsSession::finish_record(std::string& out) {
  const std::size_t size = std::exchange(staging.size, 0);
  if (size > 0) write_record({staging.bytes.data(), size}, out);
}

void TlsSession::write_record(std::string_view plain, std::string& out) {
  bio_->out = &out;
  std::size_t written = 0;
  // Fails only after the connection has failed, or when it was shut down.
  if (SSL_write_ex(ssl_, plain.data(), plain.size(), &written) != 1) ERR_clear_error();
}

void TlsSession::shut_down(std::string& out) {
  bio_->out = &out;
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

std::string_view TlsSession::version() const {
  return SSL_get_version(ssl_);
}

std::string_view TlsSession::cipher() const {
  return SSL_get_cipher_name(ssl_);
}

std::string_view TlsSession::server_name() const {
  const char* const name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name ? name : "";
}

bool TlsSession::is_resumed() const {
  return SSL_session_reused(ssl_) == 1;
}

std::string TlsSession::peer_name() const {
  X509* const certificate = SSL_get0_peer_certificate(ssl_);
  if (!certificate || SSL_get_verify_result(ssl_) != X509_V_OK) return {};
  return tls_first_name(certificate);
}

}  // namespace tealgate
