#include "base/tls_session.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/tls_handles.h"

namespace tealgate {

namespace {

constexpr std::size_t kRecordBytes = 16 * 1024;  // RFC 8446 5.1
constexpr char kHandshakeRecord = 0x16;

// A record's plain bytes until it is full. One a thread: no session holds any between two calls.
struct Staging {
  std::array<char, kRecordBytes> bytes;
  std::size_t size = 0;
};
thread_local Staging staging;

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '%') {
      out.push_back(c);
    } else {
      out.append(1, '%').append(1, "0123456789ABCDEF"[byte >> 4]);
      out.append(1, "0123456789ABCDEF"[byte & 15]);
    }
  }
  return out;
}

std::string_view text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string first_alternative_name(X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, TlsFree<GENERAL_NAMES_free>> all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (const int type : {GEN_DNS, GEN_URI, GEN_EMAIL}) {
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
      const GENERAL_NAME* const one = sk_GENERAL_NAME_value(all.get(), i);
      if (one->type == type) return encoded(text_of(one->d.ia5));
    }
  }
  return {};
}

std::string common_name(const X509* certificate) {
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  return encoded(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
}

}  // namespace

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
}

TlsSession::~TlsSession() {
  bio_->out = nullptr;
  SSL_free(ssl_);
}

bool TlsSession::is_established() const {
  return SSL_is_init_finished(ssl_) == 1;
}

void TlsSession::start(std::string& out) {
  has_begun_ = true;
  bio_->out = &out;
  SSL_do_handshake(ssl_);
  ERR_clear_error();
}

TlsSession::Step TlsSession::take(std::string_view cipher, std::span<char> room, std::string& out) {
  if (!cipher.empty() && !std::exchange(has_begun_, true) && cipher[0] != kHandshakeRecord) {
    return {{}, Step::Outcome::NotTls};
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

TlsSession::Step TlsSession::fail() {
  const unsigned long code = ERR_peek_error();
  const char* const reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  failure_ = reason ? reason : "a broken TLS connection";
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
  const std::string name = first_alternative_name(certificate);
  return name.empty() ? common_name(certificate) : name;
}

}  // namespace tealgate
