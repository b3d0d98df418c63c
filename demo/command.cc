#include "demo/command.h"

#include <utility>

#include "http/h1_writer.h"

namespace tealgate::demo {

Command::Command(Loop& loop, const SocketAddress& socket, OnAnswer on_answer)
    : on_answer_(std::move(on_answer)),
      connection_(ClientConnection::connect(loop, socket, *this)) {}

void Command::send(std::string_view method, std::string_view target, std::string_view json) {
  const Framing framing{Framing::Kind::Length, json.size()};
  std::string head;
  append_request_line(head, method, target);
  append_field(head, "Host", "localhost");
  append_framing(head, framing);
  append_end_of_head(head);
  head += json;
  connection_->send_request(head, method, framing);
  connection_->end_body();
}

void Command::on_failure(Failure, std::string_view) {
  answer_.status = 0;
  tell();
}

// Once: an answered connection may still close.
void Command::tell() {
  if (const OnAnswer on_answer = std::exchange(on_answer_, nullptr)) on_answer(answer_);
}

}  // namespace tealgate::demo
