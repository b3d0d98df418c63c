// Where `tealgate demo break POOL` and `mend POOL` arrive: POST /break/POOL on a Unix socket beside
// the control socket.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/http_listener.h"

namespace tealgate::demo {

// "…/control.sock" → "…/demo.sock".
std::string break_socket_path(std::string_view control_socket);

class BreakSocket final : private RequestHandler {
 public:
  // False: there is no such pool.
  using SetHealth = std::function<bool(std::string_view pool, bool healthy)>;

  BreakSocket(Loop& loop, UniqueFd fd, SetHealth set_health);

  // The client's side: returns the exit code and says on stderr what is wrong.
  static int send(const std::string& path, std::string_view verb, const std::string& pool);

 private:
  std::unique_ptr<RequestAnswerer> on_request(RequestHead&& head, ResponseWriter& writer) override;

  SetHealth set_health_;
  const ServerConnectionSettings settings_;
  HttpListener listener_;
};

}  // namespace tealgate::demo
