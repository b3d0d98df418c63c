#include "control/streamed_answer.h"

#include <nlohmann/json.hpp>

namespace tealgate {

using Json = nlohmann::ordered_json;

StreamedAnswer::StreamedAnswer(Loop& loop, ApiExchange& exchange, Duration heartbeat)
    : exchange_(&exchange), timer_(loop, [this] { beat(); }), heartbeat_(heartbeat) {
  timer_.start(heartbeat_);
}

void StreamedAnswer::on_progress(std::string_view word, std::string_view message,
                                 std::string_view operation) {
  message_ = message;
  operation_ = operation;
  send_line({{"progress", word}, {"message", message}, {"operation", operation}});
}

void StreamedAnswer::on_locked(const Json& result) {
  message_ = "locked";
  Json line = {{"progress", "locked"}, {"message", "locked"}};
  line.update(result);
  send_line(line);
}

void StreamedAnswer::on_finished(const Json& result) {
  finished_ = true;
  timer_.stop();
  if (!exchange_) return;
  if (!begun_) return exchange_->reply(result);
  exchange_->send(json_text(result) + "\n");
  exchange_->writer_.end({});
}

void StreamedAnswer::cut_off() {
  exchange_ = nullptr;
  timer_.stop();
}

void StreamedAnswer::send_line(const Json& object) {
  if (!exchange_ || finished_) return;
  if (!begun_) exchange_->begin_stream("application/x-ndjson");
  begun_ = true;
  exchange_->send(json_text(object) + "\n");
  timer_.start(heartbeat_);
}

void StreamedAnswer::beat() {
  send_line({{"progress", "heartbeat"}, {"message", message_}, {"operation", operation_}});
}

}  // namespace tealgate
