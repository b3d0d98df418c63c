#include "http/server_connection.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/check.h"
#include "http/forwarding.h"
#include "http/guard.h"
#include "http/local_reply.h"
#include "http/proxy_protocol.h"
#include "http/response_head.h"

namespace tealgate {

namespace {

constexpr std::size_t kPipelinedBytes = 64 * 1024;
constexpr std::size_t kLingerBytes = 64 * 1024;
constexpr Duration kLingerTime = std::chrono::seconds(2);

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

void ServerConnection::on_tls_failure(std::string_view why) {
  if (answerer_) return fail(Failure::ClientAbort, why);
  if (phase_ >= Phase::Lingering || requests_ > 0) return close();
  began_ = loop_.now();
  fail(Failure::TlsFailed, why);
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

// All that the client sent before its FIN was taken.
void ServerConnection::end_half_closed() {
  if (is_between_requests()) return close();
  const bool is_cut_short = phase_ == Phase::Head || (phase_ == Phase::Body && !head_sent_);
  if (is_cut_short) fail(Failure::ClientAbort, "the client closed inside its request");
}

// The request never became an exchange: answered here. `head` has what could be parsed.
void ServerConnection::refuse(Failure failure, std::string_view detail, const RequestHead& head) {
  const std::string id = request_id(head);
  RefusedRequest refused{.failure = failure,
                         .detail = detail,
                         .peer_host = peer_host_,
                         .request_id = id,
                         .status = facts_of(failure).status,
                         .bytes_received = bytes_received_,
                         .began = began_};
  const bool can_answer = refused.status != 0;
  if (can_answer) send_error(handler_.reply_to_refused(refused, head));
  refused.bytes_sent = bytes_sent();
  handler_.on_refused(refused);
  can_answer ? linger() : close();
}

void ServerConnection::send_error(const LocalReply& reply) {
  std::string out;
  const Framing framing = reply.framing();
  append_response_head(out, dressed({.status = reply.status, .fields = reply.fields}), framing,
                       Persistence::Closes);
  if (!head_request_) out.append(reply.body);
  write(out);
}

// The client's side of the exchange broke.
void ServerConnection::fail(Failure failure, std::string_view detail) {
  if (phase_ == Phase::Closed) return;
  if (phase_ == Phase::Lingering) return close();
  if (!answerer_) return refuse(failure, detail, RequestHead());
  const bool can_answer = !head_sent_ && facts_of(failure).status != 0;
  std::unique_ptr<RequestAnswerer> answerer = std::move(answerer_);
  if (can_answer) send_error(answerer->reply_to_failure(failure, detail));
  answerer->on_client_failure(failure, detail);
  loop_.destroy_later(std::move(answerer));
  can_answer ? linger() : close();
}

void ServerConnection::on_read_timeout() {
  if (is_between_requests()) return close();
  switch (phase_) {
    case Phase::ProxyHeader:
      return fail(Failure::ProxyProtocol, "the PROXY header came too slowly");
    case Phase::Head:
      return fail(Failure::HeadTimeout, "the head came too slowly");
    case Phase::Body:
      if (head_sent_) return;  // answered already: it need not send the rest
      return fail(Failure::BodyTimeout, "the body came too slowly");
    case Phase::Answer:
    case Phase::Tunnel:
      return;
    case Phase::Lingering:
      return on_linger_timeout();
    case Phase::Closed:
      return;
  }
}

// By the client's kernel, of all that was written on this connection: small answers, one after the
// other, are taken in drips as a large one is.
std::uint64_t ServerConnection::taken() const {
  return written_ - std::min<std::uint64_t>(written_, stream_->untaken());
}

void ServerConnection::begin_measuring(Timer& timer) {
  meter_.on_waiting(loop_.now(), taken());
  timer.start(meter_.left(settings_.write));
}

ResponseMeter::Verdict ServerConnection::judge_taking() {
  return meter_.judge(loop_.now(), taken(), {settings_.response_rate, settings_.write});
}

void ServerConnection::on_write_timeout() {
  if (!meter_.is_waiting()) return begin_measuring(write_timer_);
  using enum ResponseMeter::Verdict;
  const ResponseMeter::Verdict verdict = judge_taking();
  if (verdict == FastEnough) return write_timer_.start(settings_.write);
  stream_->reset_on_close();
  fail(Failure::ClientStalled, verdict == TooSlow ? "the client takes its answer more slowly than "
                                                    "limits.response_rate"
                                                  : "the client does not take its answer");
}

void ServerConnection::linger() {
  if (phase_ == Phase::Closed) return;
  phase_ = Phase::Lingering;
  discarded_ = 0;
  meter_.begin_anew();
  write_timer_.stop();
  stream_->shutdown_write();
  stream_->resume();
  read_timer_.start(kLingerTime);
}

// While the client has not taken the whole answer, a close could still eat it: it goes on for as
// long as the client takes it fast enough.
void ServerConnection::on_linger_timeout() {
  if (stream_->untaken() == 0) return close();
  if (!meter_.is_waiting()) return begin_measuring(read_timer_);
  if (judge_taking() != ResponseMeter::Verdict::FastEnough) return close();
  read_timer_.start(settings_.write);
}

void ServerConnection::close() {
  if (phase_ == Phase::Closed) return;
  phase_ = Phase::Closed;
  read_timer_.stop();
  write_timer_.stop();
  owner_.on_connection_closed(*this);
}

}  // namespace tealgate
