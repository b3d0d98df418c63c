// The first part of an exchange: whose request it is, and what becomes of it before any server is
// asked.
#include <utility>

#include "http/entrance.h"
#include "http/forwarding.h"
#include "http/target.h"
#include "http/upgrade.h"
#include "proxy/exchange.h"
#include "proxy/own_reply.h"
#include "proxy/worker.h"

namespace tealgate {

namespace {

bool may_be_repeated(const RequestHead& head, RetrySettings::NonIdempotent others) {
  using enum RetrySettings::NonIdempotent;
  return head.is_idempotent() || others == Always ||
         (others == WithKey && !head.field("Idempotency-Key").empty());
}

// What the proxy's own fields add to a head, usually.
constexpr std::size_t kAddedFields = 256;

}  // namespace

void Exchange::route() {
  worker_.adopt();
  snapshot_ = worker_.snapshot();
  own_ = snapshot_->own.get();
  const Entrance& entrance = writer_.entrance();
  const ForwardedFrom from{.host = writer_.peer_host(),
                           .peer_is_trusted = snapshot_->is_trusted(writer_.peer()),
                           .scheme = entrance.tls ? "https" : "http",
                           .client_name = writer_.client_name()};
  client_address_ = client_address(head_, from, snapshot_->trusted_proxies);
  if (entrance.https_port != 0) return redirect(entrance.https_port);
  const Service* service = snapshot_->routes.find(head_.authority, head_.path);
  if (!is_normal_path(head_.path) &&
      snapshot_->routes.find(head_.authority, normalised_path(head_.path)) != service) {
    detail_ = "a path that servers could read in two ways";
    return act(relay_.on_stopped(Failure::BadRequest));
  }
  if (!service) return act(relay_.on_stopped(Failure::MisdirectedRequest));
  service_name_ = service->name;
  revision_ = service->revision;
  own_ = service->own.get();
  settings_ = service->settings;
  if (settings_->body.bytes != 0 && head_.framing.length > settings_->body.bytes) {
    detail_ = "the body is longer than limits.body";
    return act(relay_.on_stopped(Failure::BodyTooLarge));
  }
  if (settings_->cors && is_preflight(head_)) return answer_preflight();
  may_repeat_ = may_be_repeated(head_, settings_->retries.non_idempotent);
  relay_ = Relay({settings_->retries.attempts, may_repeat_, settings_->retries.on_timeout});
  upstream_head_.reserve(head_.block.size() + kAddedFields);
  upgrade_ = requested_upgrade(head_, settings_->upgrades);
  append_upstream_request(upstream_head_, head_, from,
                          {.request_id = request_id_,
                           .upgrade = upgrade_,
                           .rules = settings_->headers.request.or_null(),
                           .sends_forwarded = settings_->headers.forwarded});
  keeps_replay_ = head_.framing.has_body();
  if (keeps_replay_) {
    upload_.begin(began_);
    awaits_continue_ = head_.expects_continue();
  }
  if (settings_->timeouts.exchange > Duration::zero()) {
    exchange_deadline_ =
        std::make_unique<Timer>(worker_.loop(), [this] { cut(Failure::OverallTimeout); });
    exchange_deadline_->start(settings_->timeouts.exchange);
  }
  attempt();
}

void Exchange::redirect(std::uint16_t https_port) {
  if (head_.authority.empty()) {
    detail_ = "no host to be redirected to";
    return act(relay_.on_stopped(Failure::BadRequest));
  }
  relay_.on_answered();
  send(redirect_reply({head_, request_id_, *snapshot_->unrouted}, https_port));
}

void Exchange::answer_preflight() {
  if (!settings_->cors->allows(head_.field("Origin"))) {
    detail_ = "a preflight of an origin that is not declared";
    return act(relay_.on_stopped(Failure::OriginRefused));
  }
  relay_.on_answered();
  send(preflight_reply({head_, request_id_, *settings_}));
}

}  // namespace tealgate
