#include "control/api_exchange.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/loop.h"
#include "base/poller.h"
#include "control/api_requests.h"
#include "control/control_loop.h"
#include "control/event_stream.h"
#include "control/request_target.h"
#include "control/streamed_answer.h"

namespace tealgate {

namespace {

// Nor read as anything else, nor by pages of other origins.
const std::string kNotKept =
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

}  // namespace

ApiExchange::ApiExchange(ControlLoop& control, ApiRequest request, ResponseWriter& writer,
                         Dispatch dispatch)
    : control_(control),
      request_(std::move(request)),
      writer_(writer),
      dispatch_(std::move(dispatch)) {}

ApiExchange::~ApiExchange() {
  leave();
}

void ApiExchange::on_body(std::string_view bytes) {
  if (answered_) return;
  request_.body.append(bytes);
  if (request_.body.size() <= kLargestBody) return;
  writer_.discard_body();
  refuse({ErrorCode::Usage, "the body is larger than 64 KiB", nullptr, ""});
}

void ApiExchange::on_body_end() {
  if (!answered_) dispatch_(*this);
}

void ApiExchange::reply(const nlohmann::ordered_json& object) {
  reply(object, {http_status_of(object), ""});
}

void ApiExchange::refuse(const CommandError& why) {
  reply(error_object(why));
}

void ApiExchange::reply(const nlohmann::ordered_json& object, const With& with) {
  send_whole({with.status, "Content-Type: application/json\r\n" + kNotKept + with.fields},
             json_text(object) + "\n");
}

void ApiExchange::reply(const PageAnswer& answer) {
  send_whole({answer.status, answer.fields}, std::string(answer.body));
}

void ApiExchange::reply_text(std::string_view text) {
  reply_bytes("Content-Type: text/plain; charset=utf-8\r\n", std::string(text));
}

void ApiExchange::reply_bytes(std::string fields, std::string bytes) {
  send_whole({200, std::move(fields) + kNotKept}, std::move(bytes));
}

void ApiExchange::follow(Telemetry& telemetry, Telemetry::Via via, const std::string& service) {
  answered_ = true;
  begin_stream("text/event-stream");
  if (request_.method == "HEAD") return writer_.end({});
  EventStream::Order order{request_.access, service, request_.last_event_id};
  order.via = via;
  order.figures = query_value(request_.query, "figures").value_or("1") != "0";
  events_ = std::make_unique<EventStream>(
      writer_.loop(), telemetry, std::move(order),
      EventStream::Sink{[this](std::string text) { send(std::move(text)); },
                        [this] { writer_.cut(); }});
  events_->begin();
}

void ApiExchange::on_write_blocked() {
  if (events_) events_->on_blocked();
}

void ApiExchange::on_write_drained() {
  if (events_) events_->on_drained();
}

void ApiExchange::send_whole(const With& with, std::string body) {
  answered_ = true;
  OutgoingHead head;
  head.status = with.status;
  head.fields = with.fields;
  if (with.status != 304) head.framing = {Framing::Kind::Length, body.size()};
  writer_.send_head(head);
  send(std::move(body));
  writer_.end({});
}

void ApiExchange::stream(const Start& start) {
  answered_ = true;
  streamed_ = std::make_shared<StreamedAnswer>(writer_.loop(), *this, kHeartbeat);
  start(streamed_);
}

void ApiExchange::begin_stream(std::string_view type) {
  OutgoingHead head;
  const std::string fields = fmt::format("Content-Type: {}\r\n{}", type, kNotKept);
  head.fields = fields;
  head.framing = {Framing::Kind::Chunked, 0};
  writer_.send_head(head);
}

// Outside of a socket's callback, where commands report from, bytes are written at the end of the
// turn only: they are kept until then.
void ApiExchange::send(std::string bytes) {
  auto kept = std::make_shared<const std::string>(std::move(bytes));
  writer_.send_body(*kept);
  Loop& loop = writer_.loop();
  loop.defer([kept, &loop] { loop.poller().flush_writes(); });
}

void ApiExchange::on_client_failure(Failure, std::string_view) {
  leave();
}

void ApiExchange::on_response_done() {
  leave();
}

void ApiExchange::leave() {
  events_.reset();
  std::shared_ptr<StreamedAnswer> streamed = std::exchange(streamed_, nullptr);
  if (!streamed) return;
  streamed->cut_off();
  if (!streamed->is_finished()) control_.detach(*streamed);
}

}  // namespace tealgate
