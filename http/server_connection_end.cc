// How requests and connections end otherwise than well: refusals, failures, deadlines, and the
// lingering close.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "http/forwarding.h"
#include "http/local_reply.h"
#include "http/response_head.h"
#include "http/server_connection.h"

namespace tealgate {

namespace {

constexpr Duration kLingerTime = std::chrono::seconds(2);

}  // namespace

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
  refused.body_bytes_sent = body_bytes_sent();
  handler_.on_refused(refused);
  can_answer ? linger() : close();
}

void ServerConnection::send_error(const LocalReply& reply) {
  std::string out;
  const Framing framing = reply.framing();
  append_response_head(out, dressed({.status = reply.status, .fields = reply.fields}), framing,
                       Persistence::Closes);
  head_ended_ = written_ + out.size();
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

// All that the client sent before its FIN was taken.
void ServerConnection::end_half_closed() {
  if (is_between_requests()) return close();
  const bool is_cut_short = phase_ == Phase::Head || (phase_ == Phase::Body && !head_sent_);
  if (is_cut_short) fail(Failure::ClientAbort, "the client closed inside its request");
}

void ServerConnection::on_tls_failure(std::string_view why) {
  if (answerer_) return fail(Failure::ClientAbort, why);
  if (phase_ >= Phase::Lingering || requests_ > 0) return close();
  began_ = loop_.now();
  fail(Failure::TlsFailed, why);
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
