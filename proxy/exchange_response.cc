// The second half of an exchange: from the server's answer on.
#include "proxy/exchange.h"

#include <algorithm>
#include <utility>

#include "http/forwarding.h"
#include "http/trailers.h"
#include "http/upgrade.h"
#include "proxy/worker.h"

namespace tealgate {

void Exchange::on_interim(const ResponseHead& head) {
  if (head.status == 100) {
    if (continued_) return;  // one is enough
    continued_ = true;
    if (std::exchange(awaits_continue_, false)) await_response();
  }
  std::string fields;
  append_client_fields(fields, head, request_id_, settings_->headers.response.or_null());
  writer_.send_interim(head.status, fields);
  if (head_.minor_version > 0) relay_.on_interim();
}

// The server keeps silent: it may be one that never says it. Without a body it may also wait for
// ever.
void Exchange::send_continue() {
  awaits_continue_ = false;
  continued_ = true;
  writer_.send_interim(100, {});
  await_response();
}

void Exchange::on_response_head(const ResponseHead& head) {
  if (head.status == 101 && !accepts_upgrade(head, upgrade_)) {
    return fail_attempt(Failure::BadResponse, "an upgrade to something else than was asked for");
  }
  if (ask_another(head)) return;
  relay_.on_response_head();
  awaits_continue_ = false;
  claim_.set_responding(true);
  ttfb_ = worker_.loop().now() - began_;
  status_ = upstream_status_ = head.status;
  keeps_replay_ = false;
  replay_ = {};
  static thread_local std::string fields;
  fields.clear();
  append_client_fields(fields, head, request_id_, settings_->headers.response.or_null());
  if (settings_->cors) settings_->cors->append_answer_fields(fields, head_.field("Origin"));
  if (head.status == 101) return start_tunnel(head, fields);
  begin_event_stream(head);
  upstream_->start_deadline(patience());
  writer_.send_head({.status = head.status,
                     .reason = head.reason,
                     .fields = fields,
                     .framing = head.framing,
                     .has_date = head.has_field("Date")});
}

// Another server in place of this answer, if the service wants that and there is one. `head` is
// gone then.
bool Exchange::ask_another(const ResponseHead& head) {
  const std::vector<int>& statuses = settings_->retries.on_statuses;
  if (std::find(statuses.begin(), statuses.end(), head.status) == statuses.end()) return false;
  if (!relay_.may_replace_answer(is_replayable(), budget())) return false;
  worker_.adopt();
  tries_.push_back({.server = server_->name, .status = head.status});
  const Choice other = pick();
  const bool is_another =
      other && std::none_of(tries_.begin(), tries_.end(),
                            [&](const FailedTry& one) { return one.server == other.server->name; });
  if (!is_another) {
    tries_.pop_back();
    return false;
  }
  spend_budget();
  relay_.on_answer_replaced();
  drop_upstream();
  begin_attempt(other);
  return true;
}

Duration Exchange::patience() const {
  if (!is_stream_) return settings_->timeouts.between_bytes;
  return closing_ ? std::max(settings_->timeouts.stream, kCloseTime) : settings_->timeouts.stream;
}

void Exchange::on_response_body(std::string_view bytes) {
  if (!write_blocked_) upstream_->start_deadline(patience());
  if (is_stream_) return on_stream_bytes(bytes);
  writer_.send_body(bytes);
}

// For a client that says it takes them (RFC 9110 10.1.4).
void Exchange::on_response_trailers(const std::vector<Field>& trailers) {
  if (!head_.field_has_token("TE", "trailers")) return;
  append_trailers(response_trailers_, trailers, settings_->headers.response.or_null());
}

void Exchange::on_response_end() {
  if (is_closed_towards(WebSocketTunnel::Sender::Client)) return on_server_closed();
  relay_.on_response_end();
  if (!body_ended_) writer_.discard_body();
  drop_upstream();
  claim_.release();
  writer_.end(response_trailers_);
}

void Exchange::on_write_blocked() {
  write_blocked_ = true;
  claim_.set_blocked(true);
  if (!upstream_ || is_closed_towards(WebSocketTunnel::Sender::Client)) return;
  upstream_->http().pause();
  upstream_->stop_deadline();
}

void Exchange::on_write_drained() {
  write_blocked_ = false;
  claim_.set_blocked(false);
  if (!upstream_) return;
  upstream_->http().resume();
  if (!relay_.is_answering()) return await_response();
  upstream_->start_deadline(patience());
}

}  // namespace tealgate
