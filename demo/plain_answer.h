// Answers a request with a text, once the request has come to its end, or a while after; the body
// may come a while after the head.
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
  Duration body_delay{};
};

class PlainAnswer final : public RequestAnswerer {
 public:
  PlainAnswer(ResponseWriter& writer, PlainText text)
      : writer_(writer), text_(std::move(text)), timer_(writer.loop(), [this] { go_on(); }) {}

 private:
  void on_body(std::string_view) override {}
  void on_body_end() override {
    if (text_.delay == Duration::zero()) return send_head();
    timer_.start(text_.delay);
  }
  void on_client_failure(Failure, std::string_view) override { timer_.stop(); }
  void on_response_done() override {}

  void go_on() { return has_begun_ ? send_body() : send_head(); }

  void send_head() {
    has_begun_ = true;
    writer_.send_head({.status = text_.status,
                       .fields = text_.fields,
                       .framing = {Framing::Kind::Length, text_.body.size()}});
    if (text_.body_delay == Duration::zero()) return send_body();
    timer_.start(text_.body_delay);
  }

  void send_body() {
    writer_.send_body(text_.body);
    writer_.end({});
  }

  ResponseWriter& writer_;
  const PlainText text_;
  bool has_begun_ = false;
  Timer timer_;
};

}  // namespace tealgate::demo
