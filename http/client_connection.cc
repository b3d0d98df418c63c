#include "http/client_connection.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/loop.h"
#include "base/shortage.h"
#include "http/h1_writer.h"

namespace tealgate {

namespace {

// Real servers send one or two (100, 102 while they work, 103).
constexpr unsigned kMaxInterims = 64;

}  // namespace

ClientConnection::ClientConnection(ClientConnectionOwner& owner)
    : owner_(&owner), parser_(H1Parser::Role::Responses) {}

ClientConnection::~ClientConnection() {
  if (destroyed_) *destroyed_ = true;
}

std::unique_ptr<ClientConnection> ClientConnection::connect(Loop& loop,
                                                            const SocketAddress& address,
                                                            ClientConnectionOwner& owner,
                                                            std::unique_ptr<TlsSession> tls) {
  std::unique_ptr<ClientConnection> connection(new ClientConnection(owner));
  connection->stream_ = Stream::connect(loop, address, *connection, std::move(tls));
  return connection;
}

void ClientConnection::send_request(std::string_view head, std::string_view method,
                                    const Framing& framing, H1Parser::Upgrade upgrade) {
  CHECK(phase_ == Phase::Idle && !sending_, "two requests at once on one connection");
  phase_ = Phase::Head;
  is_head_request_ = method == "HEAD";
  upgrade_ = upgrade;
  request_framing_ = framing;
  sending_ = framing.has_body();
  interims_ = 0;
  ++requests_sent_;
  stream_->write_copy(head);
}

void ClientConnection::send_body(std::string_view bytes) {
  if (bytes.empty()) return;
  if (request_framing_.kind != Framing::Kind::Chunked) return stream_->write_view(bytes);
  std::string chunk_head;
  append_chunk_head(chunk_head, bytes.size());
  stream_->write_copy(chunk_head);
  stream_->write_view(bytes);
  stream_->write_copy(kChunkEnd);
}

void ClientConnection::end_body(std::string_view trailers) {
  if (!sending_) return;
  sending_ = false;
  if (is_tunnel_) return stream_->shutdown_write();
  if (request_framing_.kind != Framing::Kind::Chunked) return;
  std::string last;
  append_last_chunk(last, trailers);
  stream_->write_copy(last);
}

bool ClientConnection::is_reusable() const {
  return phase_ == Phase::Idle && connected_ && !sending_ && keeps_alive_ && !dead_ &&
         stream_->backlog() == 0 && !stream_->may_have_unread();
}

void ClientConnection::on_connected() {
  connected_ = true;
  owner_->on_connected();
}

void ClientConnection::on_bytes(std::string_view bytes) {
  bool destroyed = false;
  destroyed_ = &destroyed;
  while (!bytes.empty()) {
    const std::size_t taken = take(bytes);
    if (destroyed) return;
    if (dead_) break;
    bytes.remove_prefix(taken);
  }
  destroyed_ = nullptr;
}

// Returns how much was taken; everything when the rest is of no interest.
std::size_t ClientConnection::take(std::string_view bytes) {
  switch (phase_) {
    case Phase::Head:
      return take_head(bytes);
    case Phase::Body:
      return take_body(bytes);
    case Phase::Idle:
      break;
  }
  const std::size_t all = bytes.size();
  // After the end of an answer (finish_response has seen to it), or unasked on an idle connection.
  if (keeps_alive_) fail(Failure::BadResponse, "bytes that belong to no request");
  return all;
}

std::size_t ClientConnection::take_head(std::string_view bytes) {
  ResponseHead& head = head_;
  const H1Parser::HeadStep step =
      parser_.parse_response_head(bytes, is_head_request_ ? "HEAD" : "GET", head, upgrade_);
  const std::size_t consumed = step.consumed;
  if (step.outcome == H1Parser::HeadStep::Outcome::Failed) {
    fail(step.failure, step.detail);
    return bytes.size();
  }
  if (step.outcome == H1Parser::HeadStep::Outcome::NeedMore) return consumed;
  bool* const destroyed = destroyed_;
  if (head.is_interim()) {
    if (++interims_ > kMaxInterims) {
      fail(Failure::BadResponse, "too many interim responses");
      return bytes.size();
    }
    owner_->on_interim(head);
    if (!*destroyed) parser_.next_message();
    return consumed;
  }
  phase_ = Phase::Body;
  note_keep_alive(head);
  if (head.status == 101) is_tunnel_ = sending_ = true;
  const bool has_body = head.framing.has_body();
  owner_->on_response_head(head);
  if (*destroyed || has_body) return consumed;
  parser_.parse_body({});
  finish_response(consumed < bytes.size());
  return consumed;
}

std::size_t ClientConnection::take_body(std::string_view bytes) {
  const H1Parser::BodyStep step = parser_.parse_body(bytes);
  if (step.failure != Failure::None) {
    fail(step.failure, step.detail);
    return bytes.size();
  }
  bool* const destroyed = destroyed_;
  if (!step.data.empty()) owner_->on_response_body(step.data);
  if (*destroyed || !step.complete) return step.consumed;
  if (!parser_.trailers().empty()) owner_->on_response_trailers(parser_.trailers());
  if (!*destroyed) finish_response(step.consumed < bytes.size());
  return step.consumed;
}

// `has_surplus`: bytes follow that nobody asked for; such a connection is never used again.
void ClientConnection::finish_response(bool has_surplus) {
  phase_ = Phase::Idle;
  if (has_surplus) keeps_alive_ = false;
  parser_.next_message();
  owner_->on_response_end();
}

void ClientConnection::note_keep_alive(const ResponseHead& head) {
  keeps_alive_ = head.keep_alive && head.framing.kind != Framing::Kind::UntilClose;
  server_idle_timeout_ = {};
  const std::string_view value = head.field("Keep-Alive");
  const std::size_t at = value.find("timeout=");
  if (at == std::string_view::npos) return;
  unsigned seconds = 0;
  const auto read = std::from_chars(value.data() + at + 8, value.data() + value.size(), seconds);
  if (read.ec != std::errc()) return;
  if (seconds == 0) keeps_alive_ = false;
  server_idle_timeout_ = std::chrono::seconds(seconds);
}

// A close or reset while the connection has nothing to show for the request yet. A server that sent
// a 1xx has seen the request: its close is no keep-alive race.
Failure ClientConnection::failure_of_silence() const {
  if (phase_ == Phase::Head && parser_.has_begun()) return Failure::HeadCut;
  const bool is_race = requests_sent_ > 1 && interims_ == 0;
  return is_race ? Failure::ClosedWhenReused : Failure::ClosedEarly;
}

void ClientConnection::on_end() {
  if (phase_ != Phase::Body) return fail(failure_of_silence(), "closed by the server");
  const H1Parser::BodyStep step = parser_.finish();
  if (step.complete) {
    keeps_alive_ = false;
    return finish_response(false);
  }
  fail(step.failure, "closed by the server inside its response");
}

void ClientConnection::on_error(int error) {
  if (connected_) {
    const Failure failure = phase_ == Phase::Body ? Failure::BodyCut : failure_of_silence();
    return fail(failure, "reset by the server");
  }
  if (stream_->tls() && error == ECONNRESET) {
    return fail(Failure::ServerTlsFailed, "closed by the server in the TLS handshake");
  }
  if (error == ECONNREFUSED || error == ENOENT) {
    return fail(Failure::ConnectRefused, "connection refused");
  }
  if (is_shortage(error)) return fail(Failure::NoDescriptors, "out of descriptors");
  if (error == ETIMEDOUT) return fail(Failure::ConnectTimeout, "connect timed out");
  fail(Failure::ConnectFailed, error == EADDRNOTAVAIL ? "out of local ports"
                               : error == EACCES      ? "permission denied"
                                                      : "unreachable");
}

void ClientConnection::on_tls_failure(std::string_view why) {
  const bool nothing_was_read = requests_sent_ <= 1 && stream_->tls()->has_refused_us();
  if (!connected_ || nothing_was_read) return fail(Failure::ServerTlsFailed, why);
  fail(phase_ == Phase::Body ? Failure::BodyCut : failure_of_silence(), why);
}

void ClientConnection::fail(Failure failure, std::string_view detail) {
  if (dead_) return;
  dead_ = true;
  owner_->on_failure(failure, detail);
}

}  // namespace tealgate
