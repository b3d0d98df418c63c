// The reading half of the control API on a TCP address, for people and monitors.
//
// A page of a foreign site could make a browser ask this address: the Host and Origin of each
// request are checked, and nothing can be changed here. Owned by the daemon, on the control loop;
// it must end before the Api.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/result.h"
#include "control/api.h"
#include "http/http_listener.h"

namespace tealgate {

class Dashboard final : private RequestHandler {
 public:
  // Binds and listens. `written` is the address as configured: its host is one that the dashboard
  // answers to.
  static Result<std::unique_ptr<Dashboard>> open(Loop& loop, const SocketAddress& address,
                                                 const std::string& written, Api& api);
  // On a socket that listens already.
  static std::unique_ptr<Dashboard> adopt(Loop& loop, UniqueFd fd, const std::string& written,
                                          Api& api);

  // With the port that the kernel chose.
  const SocketAddress& address() const { return listener_->address(); }
  // Takes no new clients; those connected go after their answer.
  void close();
  // For another process.
  UniqueFd duplicate() const;

 private:
  Dashboard(std::string written, Api& api) : written_(std::move(written)), api_(api) {}
  std::unique_ptr<RequestAnswerer> on_request(RequestHead&& head, ResponseWriter& writer) override;

  std::string written_;
  Api& api_;
  ServerConnectionSettings settings_;
  UniqueFd listening_;  // a duplicate
  std::unique_ptr<HttpListener> listener_;
};

// Whether a Host (with or without port) is an IP address, `localhost`, or the host of the address
// `written` in the config.
bool is_own_host(std::string_view authority, std::string_view written);

// Whether an Origin ("http://127.0.0.1:9180") is the page of `authority` itself.
bool is_own_origin(std::string_view origin, std::string_view authority);

}  // namespace tealgate
