// A small application for the demo: one HTTP server that answers with its name and version, some
// pages later than others, the body of GET /report after seconds, and whose health can be broken.
//
// It stands on the same server connections as the proxy. Lives on the demo's own loop.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <utility>

#include "base/loop.h"
#include "http/http_listener.h"

namespace tealgate::demo {

class AppServer final : private RequestHandler {
 public:
  // Listens on a free port of 127.0.0.1.
  static Result<std::unique_ptr<AppServer>> start(Loop& loop, std::string pool, std::string name);

  const SocketAddress& address() const { return listener_.address(); }
  const std::string& pool() const { return pool_; }
  const std::string& name() const { return name_; }
  void set_healthy(bool healthy) { healthy_ = healthy; }
  bool is_healthy() const { return healthy_; }
  void set_version(std::string version) { version_ = std::move(version); }

 private:
  AppServer(Loop& loop, UniqueFd fd, std::string pool, std::string name);
  std::unique_ptr<RequestAnswerer> on_request(RequestHead&& head, ResponseWriter& writer) override;

  Duration time_taken();

  const std::string pool_;
  const std::string name_;
  const ServerConnectionSettings settings_;
  std::string version_ = "v1.0.0";
  std::minstd_rand dice_;
  bool healthy_ = true;
  HttpListener listener_;
};

}  // namespace tealgate::demo
