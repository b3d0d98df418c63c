// The side of a stream that speaks TLS: encrypted bytes between the socket and its session.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/handshake_turn.h"
#include "base/stream.h"

namespace tealgate {

namespace {

// What TLS streams of this thread send; empty between two callbacks, but keeps its memory.
thread_local std::string encrypted;

thread_local unsigned steps_left = kHandshakeStepsPerTurn;

}  // namespace

void begin_handshake_turn() {
  steps_left = kHandshakeStepsPerTurn;
}

bool take_handshake_step() {
  if (steps_left == 0) return false;
  --steps_left;
  return true;
}

void Stream::start_tls(std::unique_ptr<TlsSession> session, std::string_view early) {
  CHECK(!batch_ && backlog() == 0, "TLS begins behind plain bytes");
  tls_ = std::move(session);
  early_.assign(early);
  if (!early_.empty()) poller_.make_ready(token_);
}

void Stream::begin_handshake() {
  encrypted.clear();
  tls_->start(encrypted);
  send_encrypted(encrypted);
}

bool Stream::is_handshaking() const {
  return tls_ && !tls_->is_established();
}

void Stream::take_encrypted(std::string_view bytes) {
  using Outcome = TlsSession::Step::Outcome;
  const bool was_handshaking = is_handshaking();
  encrypted.clear();
  const TlsSession::Step step = tls_->take(bytes, poller_.plain_buffer(), encrypted);
  if (step.outcome == Outcome::NotTls) {
    tls_.reset();
    return owner_->on_not_tls(bytes);
  }
  send_encrypted(encrypted);
  // Plain bytes wait for the handshake's end, so it may not wait for them.
  if (!encrypted.empty() && encrypted_backlog() > kHighWatermark) answers_wait_ = true;
  if (step.outcome == Outcome::Ended) tls_ended_ = true;
  const Poller::Token token = token_;
  Poller& poller = poller_;
  if (was_handshaking && !is_handshaking()) {
    on_established();
    if (!poller.is_current(token)) return;
  }
  if (!step.plain.empty()) {
    owner_->on_bytes(step.plain);
    if (!poller.is_current(token)) return;
  }
  if (step.outcome == Outcome::Failed) {
    error_ = EPROTO;
    return owner_->on_tls_failure(std::string(tls_->failure()));
  }
  if (tls_ended_ && !paused_) end_read();
}

// May be the end of this stream.
void Stream::on_established() {
  if (!waiting_plain_.empty()) {
    encrypted.clear();
    tls_->encrypt(std::exchange(waiting_plain_, {}), encrypted);
    tls_->finish_record(encrypted);
    send_encrypted(encrypted);
  }
  if (tls_->role() == TlsSession::Role::Client) return tell_connected();
  owner_->on_tls_established();
}

void Stream::encrypt_batch(const WriteBatch& batch) {
  if (is_handshaking()) {
    for (const WriteBatch::Piece& piece : batch.pieces) waiting_plain_ += batch.bytes_of(piece);
    return;
  }
  encrypted.clear();
  for (const WriteBatch::Piece& piece : batch.pieces) {
    tls_->encrypt(batch.bytes_of(piece), encrypted);
  }
  tls_->finish_record(encrypted);
  send_encrypted(encrypted);
}

void Stream::send_encrypted(std::string_view bytes) {
  if (bytes.empty() || is_write_dead()) return;
  if (backlog_.size() > backlog_sent_) {
    backlog_.append(bytes);
    return;
  }
  const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno == EINTR) poller_.make_ready(token_);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return fail_writing(errno);
  backlog_.append(bytes.substr(static_cast<std::size_t>(std::max<ssize_t>(sent, 0))));
}

void Stream::say_tls_end() {
  tls_shut_ = true;
  encrypted.clear();
  tls_->shut_down(encrypted);
  send_encrypted(encrypted);
}

// FIN, behind all that was written.
void Stream::finish_writing() {
  if (tls_ && !tls_shut_) {
    say_tls_end();
    if (backlog() > 0) return;  // comes here again
  }
  ::shutdown(fd_.get(), SHUT_WR);
}

}  // namespace tealgate
