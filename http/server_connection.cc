#include "http/server_connection.h"

#include <cstdint>
#include <utility>

#include "base/check.h"
#include "http/guard.h"
#include "http/proxy_protocol.h"

namespace tealgate {

namespace {

constexpr std::size_t kPipelinedBytes = 64 * 1024;
constexpr std::size_t kLingerBytes = 64 * 1024;

const std::shared_ptr<const Entrance>& plain_entrance() {
  static const auto plain = std::make_shared<const Entrance>();
  return plain;
}

}  // namespace

ServerConnection::ServerConnection(Loop& loop, UniqueFd fd, const SocketAddress& peer,
                                   RequestHandler& handler,
                                   const ServerConnectionSettings& settings,
                                   ServerConnectionOwner& owner)
    : loop_(loop),
      handler_(handler),
      settings_(settings),
      owner_(owner),
      peer_(peer),
      peer_host_(peer.is_unix() ? "unix:" : peer.host()),
      entrance_(plain_entrance()),
      stream_(Stream::adopt(loop, std::move(fd), *this)),
      parser_(H1Parser::Role::Requests, settings.head_limits),
      read_timer_(loop, [this] { on_read_timeout(); }),
      write_timer_(loop, [this] { on_write_timeout(); }),
      idle_timeout_(settings.idle) {
  read_timer_.start(settings_.request_head);
}

ServerConnection::~ServerConnection() {
  if (!answerer_) return;
  if (cut_) {
    answerer_->on_response_done();
  } else {
    answerer_->on_client_failure(Failure::Stopping, "the daemon stops");
  }
}

void ServerConnection::enter_by(std::shared_ptr<const Entrance> entrance) {
  entrance_ = std::move(entrance);
  if (entrance_->proxy_protocol) {
    phase_ = Phase::ProxyHeader;
  } else if (entrance_->tls) {
    stream_->start_tls(entrance_->tls->accept());
  }
}

void ServerConnection::start_draining(Duration grace) {
  draining_ = true;
  idle_timeout_ = grace;
  if (is_between_requests()) read_timer_.start(grace);
}

// Nothing of a request, or of what comes before the first one, has come.
bool ServerConnection::is_between_requests() const {
  if (phase_ == Phase::ProxyHeader) return !proxy_header_;
  return phase_ == Phase::Head && !parser_.has_begun();
}

void ServerConnection::on_bytes(std::string_view bytes) {
  if (phase_ == Phase::Lingering) {
    if (stream_->untaken() > 0) return;  // see on_linger_timeout
    discarded_ += bytes.size();
    if (discarded_ > kLingerBytes) close();
    return;
  }
  if (phase_ == Phase::Tunnel) {
    bytes_received_ += bytes.size();
    return answerer_->on_body(bytes);
  }
  if (waiting().empty()) bytes.remove_prefix(take_request(bytes));
  if (!bytes.empty() && phase_ < Phase::Lingering) keep_pipelined(bytes);
}

// Up to the end of the request; returns how much was taken.
std::size_t ServerConnection::take_request(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const std::string_view rest = bytes.substr(taken);
    if (phase_ == Phase::ProxyHeader) {
      taken += take_proxy_header(rest);
    } else if (phase_ == Phase::Head) {
      taken += take_head(rest);
    } else if (phase_ == Phase::Body) {
      taken += take_body(rest);
    } else {
      break;
    }
  }
  return taken;
}

std::size_t ServerConnection::take_proxy_header(std::string_view bytes) {
  if (!proxy_header_) {
    proxy_header_ = std::make_unique<ProxyHeaderReader>();
    began_ = loop_.now();
  }
  const auto [header, consumed] = proxy_header_->take(bytes);
  bytes_received_ += consumed;
  if (header.outcome == ProxyHeader::Outcome::NeedMore) return consumed;
  if (header.outcome == ProxyHeader::Outcome::Failed) {
    fail(Failure::ProxyProtocol, header.detail);
    return consumed;
  }
  phase_ = Phase::Head;
  proxy_header_.reset();
  read_timer_.start(settings_.request_head);
  if (header.client) {
    peer_ = *header.client;
    peer_host_ = peer_.host();
    if (owner_.on_client_told(*this, peer_) == Admission::Refused) {
      close();
      return consumed;
    }
  }
  if (!entrance_->tls) return consumed;
  stream_->start_tls(entrance_->tls->accept(), bytes.substr(consumed));
  return bytes.size();
}

void ServerConnection::on_tls_established() {
  client_name_ = stream_->tls()->peer_name();
}

void ServerConnection::on_not_tls(std::string_view bytes) {
  entrance_ = plain_entrance();
  began_ = loop_.now();
  bytes_received_ = bytes.size();
  const bool is_http = is_token_char(bytes[0]);
  fail(is_http ? Failure::PlainHttp : Failure::TlsFailed,
       "no TLS on a port that speaks nothing else");
}

std::size_t ServerConnection::take_head(std::string_view bytes) {
  const bool had_begun = parser_.has_begun();
  head_request_ = false;
  if (!had_begun) {
    began_ = loop_.now();
    bytes_received_ = 0;
    sent_before_ = written_;
  }
  RequestHead head;
  const H1Parser::HeadStep step = parser_.parse_request_head(bytes, head);
  bytes_received_ += step.consumed;
  switch (step.outcome) {
    case H1Parser::HeadStep::Outcome::NeedMore:
      if (!had_begun && parser_.has_begun()) read_timer_.start(settings_.request_head);
      break;
    case H1Parser::HeadStep::Outcome::Failed:
      refuse(step.failure, step.detail, head);
      break;
    case H1Parser::HeadStep::Outcome::Complete:
      begin_exchange(std::move(head));
      break;
  }
  return step.consumed;
}

void ServerConnection::begin_exchange(RequestHead&& head) {
  const bool has_body = head.framing.has_body();
  head_request_ = head.is_head();
  old_client_ = head.minor_version == 0;
  client_keeps_alive_ = head.keep_alive;
  close_wanted_ = false;
  discarding_ = false;
  head_sent_ = false;
  response_ended_ = false;
  ++requests_;
  if (has_body) {
    phase_ = Phase::Body;
    read_timer_.start(settings_.request_body);
  } else {
    phase_ = Phase::Answer;
    parser_.parse_body({});
    read_timer_.stop();
  }
  answerer_ = handler_.on_request(std::move(head), *this);
  CHECK(answerer_, "a request handler without an answer");
  if (phase_ == Phase::Answer) answerer_->on_body_end();
}

std::size_t ServerConnection::take_body(std::string_view bytes) {
  const H1Parser::BodyStep step = parser_.parse_body(bytes);
  bytes_received_ += step.consumed;
  if (step.failure != Failure::None) {
    fail(step.failure, step.detail);
    return bytes.size();
  }
  if (!step.data.empty()) {
    if (!stream_->is_paused()) read_timer_.start(settings_.request_body);
    if (!discarding_) answerer_->on_body(step.data);
  }
  if (step.complete && phase_ == Phase::Body) on_request_complete();
  return step.consumed;
}

void ServerConnection::on_request_complete() {
  phase_ = Phase::Answer;
  read_timer_.stop();
  if (!parser_.trailers().empty()) answerer_->on_trailers(parser_.trailers());
  answerer_->on_body_end();
}

void ServerConnection::keep_pipelined(std::string_view bytes) {
  pipelined_.erase(0, std::exchange(pipelined_taken_, 0));
  pipelined_.append(bytes);
  if (pipelined_.size() > kPipelinedBytes) stream_->pause();
}

void ServerConnection::on_end() {
  if (phase_ == Phase::Lingering) return close();
  // RFC 9112 9.6: the client may still read, and 9.5: it stops sending a body once it was answered.
  if (phase_ == Phase::Answer || !waiting().empty() || (phase_ == Phase::Body && head_sent_)) {
    half_closed_ = true;
  } else if (phase_ == Phase::Tunnel) {
    half_closed_ = true;
    if (answerer_) answerer_->on_body_end();
  } else if (is_between_requests()) {
    close();
  } else if (phase_ == Phase::ProxyHeader) {
    fail(Failure::ProxyProtocol, "closed inside the PROXY header");
  } else {
    fail(Failure::ClientAbort, "the client closed inside its request");
  }
}

void ServerConnection::on_error(int) {
  if (phase_ == Phase::Lingering || is_between_requests()) return close();
  fail(Failure::ClientAbort, "reset by the client");
}

void ServerConnection::on_write_blocked() {
  if (phase_ < Phase::Lingering) begin_measuring(write_timer_);
  if (answerer_) answerer_->on_write_blocked();
}

void ServerConnection::on_write_drained() {
  if (phase_ < Phase::Lingering && !response_ended_) {
    meter_.on_not_waiting(loop_.now());
    write_timer_.stop();
  }
  if (answerer_) answerer_->on_write_drained();
}

void ServerConnection::on_flushed() {
  meter_.on_not_waiting(loop_.now());
  write_timer_.stop();
  if (response_ended_ && answerer_) finish_exchange();
}

void ServerConnection::finish_exchange() {
  std::exchange(answerer_, nullptr)->on_response_done();
  if (phase_ == Phase::Closed) return;
  if (phase_ == Phase::Tunnel && half_closed_) return close();
  if (phase_ != Phase::Answer || (close_wanted_ && client_keeps_alive_)) return linger();
  if (close_wanted_ || (half_closed_ && waiting().empty())) return close();
  start_next_request();
}

void ServerConnection::start_next_request() {
  parser_.next_message();
  phase_ = Phase::Head;
  read_timer_.start(idle_timeout_);
  if (!waiting().empty()) return stream_->wake();
  pipelined_ = {};  // an idle connection owns no buffer
  pipelined_taken_ = 0;
  stream_->resume();
}

// The next of the pipelined requests: one a turn, so that other clients have theirs.
void ServerConnection::on_woken() {
  if (phase_ != Phase::Head) return;
  stream_->resume();
  pipelined_taken_ += take_request(waiting());
  if (waiting().size() > kPipelinedBytes) stream_->pause();
  if (half_closed_ && waiting().empty()) end_half_closed();
}

}  // namespace tealgate
