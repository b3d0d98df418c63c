// One request on a Unix socket, as `curl --unix-socket` makes it: what the demo asks of its own
// daemon, and `tealgate demo break` of a demo that runs.
//
// Whoever asks owns it; it lives on one loop's thread. A heartbeat or progress line before the
// result stays in the body.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/loop.h"
#include "http/client_connection.h"

namespace tealgate::demo {

class Command final : private ClientConnectionOwner {
 public:
  struct Answer {
    int status = 0;  // 0: nobody answered
    std::string body;
  };
  // Called once, from the loop. It may destroy the command.
  using OnAnswer = std::function<void(const Answer& answer)>;

  Command(Loop& loop, const SocketAddress& socket, OnAnswer on_answer);

  // Once. `json` may be empty.
  void send(std::string_view method, std::string_view target, std::string_view json = {});

 private:
  void on_response_head(const ResponseHead& head) override { answer_.status = head.status; }
  void on_response_body(std::string_view bytes) override { answer_.body += bytes; }
  void on_response_end() override { tell(); }
  void on_failure(Failure failure, std::string_view detail) override;
  void tell();

  OnAnswer on_answer_;
  Answer answer_;
  std::unique_ptr<ClientConnection> connection_;
};

}  // namespace tealgate::demo
