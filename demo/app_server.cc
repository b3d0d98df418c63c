#include "demo/app_server.h"

#include <utility>

#include "demo/plain_answer.h"
#include "http/h1_writer.h"

namespace tealgate::demo {

Result<std::unique_ptr<AppServer>> AppServer::start(Loop& loop, std::string pool,
                                                    std::string name) {
  const auto address = SocketAddress::parse("127.0.0.1:0", SocketAddress::EmptyHost::Loopback);
  Result<std::vector<UniqueFd>> sockets = listen_tcp(*address, 1);
  if (!sockets) return tl::make_unexpected(sockets.error());
  return std::unique_ptr<AppServer>(
      new AppServer(loop, std::move(sockets->front()), std::move(pool), std::move(name)));
}

AppServer::AppServer(Loop& loop, UniqueFd fd, std::string pool, std::string name)
    : pool_(std::move(pool)),
      name_(std::move(name)),
      listener_(loop, std::move(fd), *this, settings_) {}

std::unique_ptr<RequestAnswerer> AppServer::on_request(RequestHead&& head, ResponseWriter& writer) {
  std::string fields;
  append_field(fields, "Content-Type", "text/plain");
  append_field(fields, "X-Pool", pool_);
  if (head.path == "/health") {
    return healthy_
               ? std::make_unique<PlainAnswer>(writer, 200, fields, "ok\n")
               : std::make_unique<PlainAnswer>(writer, 503, fields, "db: connection refused\n");
  }
  return std::make_unique<PlainAnswer>(writer, 200, fields, "Hello from " + name_ + "\n");
}

}  // namespace tealgate::demo
