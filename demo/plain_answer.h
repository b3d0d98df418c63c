// Answers a request with a text, once the request has come to its end, or a while after.
#pragma once

#include <string>
#include <utility>

#include "base/timer.h"
#include "http/request_handler.h"

namespace tealgate::demo {

struct PlainText {
  int status = 200;
  std::string fields;  // complete lines, may be empty
  std::string body;
  Duration delay{};
};

class PlainAnswer final : public RequestAnswerer {
 public:
  PlainAnswer(ResponseWriter& writer, PlainText text)
      : writer_(writer), text_(std::move(text)), timer_(writer.loop(), [this] { answer(); }) {}

 private:
  void on_body(std::string_view) override {}
  void on_body_end() override {
    if (text_.delay == Duration::zero()) return answer();
    timer_.start(text_.delay);
  }
  void on_client_failure(Failure, std::string_view) override { timer_.stop(); }
  void on_response_done() override {}

  void answer() {
    writer_.send_head({.status = text_.status,
                       .fields = text_.fields,
                       .framing = {Framing::Kind::Length, text_.body.size()}});
    writer_.send_body(text_.body);
    writer_.end({});
  }

  ResponseWriter& writer_;
  const PlainText text_;
  Timer timer_;
};

}  // namespace tealgate::demo
