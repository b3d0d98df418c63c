#include "proxy/exchange.h"

#include <algorithm>
#include <utility>

#include "http/forwarding.h"
#include "http/trace_parent.h"
#include "http/trailers.h"
#include "proxy/own_reply.h"
#include "proxy/worker.h"

namespace tealgate {

namespace {

// A request that could not be sent again uses no connection that was idle for longer: the server
// may be about to close it.
constexpr Duration kJustUsed = std::chrono::seconds(1);

// How long a client that asked for 100 Continue waits for the server's before it gets ours.
constexpr Duration kContinueDelay = std::chrono::seconds(1);

}  // namespace

Exchange::Exchange(Worker& worker, RequestHead&& head, ResponseWriter& writer)
    : worker_(worker),
      writer_(writer),
      head_(std::move(head)),
      request_id_(tealgate::request_id(head_)),
      relay_({}),
      began_(worker.loop().now()) {
  head_.retain();
  worker_.add(*this);
  route();
}

Exchange::~Exchange() {
  worker_.remove(*this);
}

// Picks and claims in one turn, on the snapshot that the worker runs now: a published switch is
// exact.
void Exchange::attempt() {
  worker_.adopt();
  const Choice choice = pick();
  if (!choice) return act(relay_.on_no_server());
  begin_attempt(choice);
}

Choice Exchange::pick() {
  std::vector<std::string_view> tried;
  for (const FailedTry& one : tries_) tried.push_back(one.server);
  return worker_.pick(service_name_, tried);
}

void Exchange::begin_attempt(const Choice& choice) {
  relay_.on_attempt();
  attempt_snapshot_ = worker_.snapshot();
  attempt_began_ = worker_.loop().now();
  pool_ = choice.pool;
  server_ = choice.server;
  claim_ = Claim(server_->state, worker_.index(), attempt_snapshot_->generation);
  claim_.set_uploading(!body_ended_ && head_.framing.has_body());
  send_request(*server_);
}

void Exchange::send_request(const Server& server) {
  upstream_ = worker_.connections().take(server, can_repeat() ? Duration::max() : kJustUsed);
  if (upstream_) {
    upstream_->set_user(*this);
  } else {
    UpstreamUser& user = *this;
    upstream_ = std::make_unique<UpstreamConnection>(worker_.loop(), server, worker_.index(), user);
  }
  ClientConnection& http = upstream_->http();
  http.send_request(upstream_head_, head_.method, head_.framing,
                    upgrade_.empty() ? H1Parser::Upgrade::NotAsked : H1Parser::Upgrade::Asked);
  http.send_body(replay_);
  if (body_ended_) http.end_body(trailers_);
  if (http.is_connected()) {
    connect_ = {};
    await_response();
  } else {
    upstream_->start_deadline(settings_->timeouts.connect);
  }
}

// Whether the request can still be sent again after it was sent now.
bool Exchange::can_repeat() const {
  if (!may_repeat_) return false;
  const Framing& framing = head_.framing;
  if (!framing.has_body()) return true;
  if (!keeps_replay_) return false;
  return body_ended_ || (framing.kind == Framing::Kind::Length &&
                         framing.length <= settings_->retries.buffer_bytes);
}

// The server's time for its head runs from the request's end, or while it takes nothing of it.
void Exchange::await_response() {
  const bool is_uploading = !body_ended_ && head_.framing.has_body();
  if (awaits_continue_) {
    upstream_->start_deadline(kContinueDelay);
  } else if (is_uploading && !upstream_->http().is_upload_blocked()) {
    upstream_->stop_deadline();
  } else {
    upstream_->start_deadline(settings_->timeouts.response);
  }
}

void Exchange::on_body(std::string_view bytes) {
  if (is_tunnel_) return on_tunnel_bytes(bytes);
  if (relay_.is_done() || !measure_body(bytes.size())) return;
  if (awaits_continue_) {
    // It did not wait.
    awaits_continue_ = false;
    if (upstream_ && upstream_->http().is_connected()) await_response();
  }
  if (keeps_replay_) {
    // Until the connection stands nothing was sent, and everything is kept; reading pauses soon, as
    // the stream's backlog grows.
    const bool fits = replay_.size() + bytes.size() <= settings_->retries.buffer_bytes;
    keeps_replay_ = fits || (upstream_ && !upstream_->http().is_connected());
    if (keeps_replay_) {
      replay_.append(bytes);
    } else {
      replay_ = {};
    }
  }
  if (upstream_) upstream_->http().send_body(bytes);
}

// False when the body is too large or too slow: then the exchange is over.
bool Exchange::measure_body(std::size_t bytes) {
  const Failure failure =
      upload_.on_bytes(bytes, worker_.loop().now(),
                       {settings_->body.bytes, relay_.is_answering() ? 0 : settings_->body.rate,
                        settings_->timeouts.request_body});
  if (failure == Failure::None) return true;
  detail_ = failure == Failure::BodyTooLarge ? "the body is longer than limits.body"
                                             : "the body came more slowly than limits.body_rate";
  cut(failure);
  return false;
}

void Exchange::on_trailers(const std::vector<Field>& trailers) {
  if (relay_.is_done()) return;
  append_trailers(trailers_, trailers, settings_->headers.request.or_null());
}

void Exchange::on_body_end() {
  if (is_tunnel_) return on_tunnel_end();
  body_ended_ = true;
  claim_.set_uploading(false);
  if (!upstream_ || relay_.is_done()) return;
  upstream_->http().end_body(trailers_);
  if (upstream_->http().is_connected() && !relay_.is_answering()) await_response();
}

void Exchange::on_connected() {
  connect_ = worker_.loop().now() - attempt_began_;
  if (replay_.size() > settings_->retries.buffer_bytes) {
    keeps_replay_ = false;
    replay_ = {};
  }
  await_response();
}

void Exchange::on_upload_blocked() {
  if (is_closed_towards(WebSocketTunnel::Sender::Server)) return;
  writer_.pause_body();
  upload_.on_paused(worker_.loop().now());
  if (upstream_->http().is_connected() && !relay_.is_answering()) await_response();
}

void Exchange::on_upload_drained() {
  writer_.resume_body();
  upload_.on_resumed(worker_.loop().now());
  if (!relay_.is_answering()) await_response();
}

void Exchange::on_failure(Failure failure, std::string_view detail) {
  if (is_closed_towards(WebSocketTunnel::Sender::Client)) return on_server_closed();
  if (failure == Failure::ConnectRefused || failure == Failure::ClosedWhenReused) {
    worker_.connections().close_all(upstream_->server());
  }
  fail_attempt(failure, detail);
}

void Exchange::on_deadline() {
  const bool connected = upstream_->http().is_connected();
  if (connected && awaits_continue_) return send_continue();
  fail_attempt(!connected               ? Failure::ConnectTimeout
               : !relay_.is_answering() ? Failure::ResponseTimeout
               : is_stream_             ? Failure::StreamIdle
                                        : Failure::BodyStalled,
               "too late");
}

void Exchange::fail_attempt(Failure failure, std::string_view detail) {
  detail_ = detail;
  if (facts_of(failure).fault == Fault::Server) claim_.count_failure();
  tries_.push_back({.server = server_->name, .failure = failure});
  drop_upstream();
  if (!body_ended_ && !relay_.is_answering()) {
    writer_.resume_body();  // the failed one may have blocked
    upload_.on_resumed(worker_.loop().now());
  }
  const Relay::Act next = relay_.on_attempt_failed(failure, is_replayable(), budget());
  const bool is_budgeted = facts_of(failure).retry == RetryRule::IfConfigured;
  if (next == Relay::Act::Retry && is_budgeted) spend_budget();
  act(next);
}

// Once an exchange, however often it is tried again.
void Exchange::spend_budget() {
  if (!spent_) spent_ = RetryBudget::Spent(worker_.retry_budget());
}

Relay::Budget Exchange::budget() const {
  const bool has_left =
      spent_ || worker_.retry_budget().has_left(worker_.exchanges_in_flight(),
                                                settings_->retries.budget_percent);
  return has_left ? Relay::Budget::Left : Relay::Budget::Spent;
}

void Exchange::act(Relay::Act act) {
  switch (act) {
    case Relay::Act::Retry:
      return attempt();
    case Relay::Act::Reply:
      claim_.release();
      return reply();
    case Relay::Act::Cut:
      claim_.release();
      return writer_.cut();
    case Relay::Act::Nothing:
      claim_.release();
  }
}

void Exchange::reply() {
  // Whose certificate it is, and what is wrong with it, is no stranger's business.
  const bool is_private = relay_.failure() == Failure::ServerTlsFailed;
  send(reply_to_failure(relay_.failure(), is_private ? std::string_view() : detail_));
}

LocalReply Exchange::reply_to_failure(Failure failure, std::string_view detail) const {
  return own_error({head_, request_id_, settings_ ? *settings_ : *snapshot_->unrouted}, failure,
                   detail);
}

void Exchange::send(LocalReply&& reply) {
  status_ = reply.status;
  const Framing framing = reply.framing();
  replay_ = std::move(reply.body);  // must live until it is written
  if (!body_ended_) writer_.discard_body();
  writer_.send_head({.status = reply.status,
                     .fields = reply.fields,
                     .framing = framing,
                     .close = relay_.failure() == Failure::BadRequest});
  writer_.send_body(replay_);
  writer_.end({});
}

void Exchange::on_client_failure(Failure failure, std::string_view detail) {
  if (is_closed_towards(WebSocketTunnel::Sender::Client) && !relay_.is_done()) {
    relay_.on_closed(Failure::DrainClose);
  }
  relay_.on_client_failure(failure);
  detail_ = detail;
  if (status_ == 0) status_ = facts_of(failure).status;
  drop_upstream();
  claim_.release();
  write_log();
}

void Exchange::on_response_done() {
  drop_upstream();
  write_log();
}

bool Exchange::is_hit_by(const CutOrder& order) const {
  if (relay_.is_done()) return false;
  const bool is_moving = claim_.is_responding() || claim_.is_uploading();
  if (order.kind == CutKind::Waiting && is_moving) return false;
  return is_claimed_on(order.servers, order.claimed_before);
}

bool Exchange::is_claimed_on(std::span<const std::shared_ptr<ServerState>> servers,
                             std::uint64_t claimed_before) const {
  if (!claim_ || claim_.generation() >= claimed_before) return false;
  return std::any_of(servers.begin(), servers.end(),
                     [this](const auto& server) { return server.get() == claim_.server(); });
}

void Exchange::cut(Failure failure) {
  drop_upstream();
  act(relay_.on_stopped(failure));
}

// Back to the cache if it may be used again, else closed.
void Exchange::drop_upstream() {
  if (!upstream_) return;
  upstream_->stop_deadline();
  if (upstream_->http().is_reusable() && worker_.is_routable(upstream_->server())) {
    worker_.connections().put(std::move(upstream_));
  } else {
    upstream_.reset();
  }
}

void Exchange::count() {
  TrafficFigures* figures = server_ ? &server_->state->traffic() : own_;
  worker_.count_exchange_end();
  if (!figures) return;
  figures->count(worker_.index(), {.status = status_,
                                   .failure = relay_.failure(),
                                   .bytes_in = writer_.bytes_received(),
                                   .bytes_out = writer_.bytes_sent(),
                                   .ttfb = ttfb_,
                                   .duration = worker_.loop().now() - began_});
  for (std::size_t i = 0; i < tries_.size() && i + 1 < relay_.attempts(); ++i) {
    figures->count_retry(worker_.index(), tries_[i].failure);
  }
}

void Exchange::write_log() {
  count();
  const bool has_failed = relay_.failure() != Failure::None;
  worker_.log().write({.request_id = request_id_,
                       .trace_id = trace_id(head_),
                       .client_ip = client_address_,
                       .service = service_name_,
                       .pool = pool_ ? std::string_view(pool_->name) : std::string_view(),
                       .server = server_ ? std::string_view(server_->name) : std::string_view(),
                       .revision = revision_,
                       .method = head_.method,
                       .host = head_.authority,
                       .path = head_.path,
                       .user_agent = head_.field("User-Agent"),
                       .referer = head_.field("Referer"),
                       .detail = has_failed ? detail_ : std::string_view(),
                       .failure = relay_.failure(),
                       .minor_version = head_.minor_version,
                       .scheme = writer_.entrance().tls ? "https" : "http",
                       .status = status_,
                       .upstream_status = upstream_status_,
                       .attempts = relay_.attempts(),
                       .tries = tries_,
                       .bytes_in = writer_.bytes_received(),
                       .bytes_out = writer_.bytes_sent(),
                       .body_out = writer_.body_bytes_sent(),
                       .began = began_,
                       .ended = worker_.loop().now(),
                       .connect = connect_,
                       .ttfb = ttfb_});
}

}  // namespace tealgate
