// Answers a request with a text, once the request has come to its end.
#pragma once

#include <string>
#include <utility>

#include "http/request_handler.h"

namespace tealgate::demo {

class PlainAnswer final : public RequestAnswerer {
 public:
  // `fields`: complete lines, may be empty.
  PlainAnswer(ResponseWriter& writer, int status, std::string fields, std::string body)
      : writer_(writer), status_(status), fields_(std::move(fields)), body_(std::move(body)) {}

 private:
  void on_body(std::string_view) override {}
  void on_body_end() override {
    writer_.send_head(
        {.status = status_, .fields = fields_, .framing = {Framing::Kind::Length, body_.size()}});
    writer_.send_body(body_);
    writer_.end({});
  }
  void on_client_failure(Failure, std::string_view) override {}
  void on_response_done() override {}

  ResponseWriter& writer_;
  int status_;
  std::string fields_;
  std::string body_;
};

}  // namespace tealgate::demo
