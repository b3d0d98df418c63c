#include "demo/app_server.h"

#include <functional>
#include <utility>

#include "demo/plain_answer.h"
#include "http/h1_writer.h"

namespace tealgate::demo {

namespace {

using std::chrono::milliseconds;

constexpr Duration kQuickReport = milliseconds(2000);
constexpr unsigned kReportSpread = 6000;  // milliseconds

}  // namespace

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
      dice_(static_cast<unsigned>(std::hash<std::string>{}(name_))),
      listener_(loop, std::move(fd), *this, settings_) {}

std::unique_ptr<RequestAnswerer> AppServer::on_request(RequestHead&& head, ResponseWriter& writer) {
  std::string fields;
  append_field(fields, "Content-Type", "text/plain");
  append_field(fields, "X-Pool", pool_);
  append_field(fields, "X-Version", version_);
  if (head.path == "/health") {
    return std::make_unique<PlainAnswer>(
        writer, healthy_ ? PlainText{200, fields, "ok\n"}
                         : PlainText{503, fields, "db: connection refused\n"});
  }
  PlainText text{200, fields, "Hello from " + name_ + ", " + version_ + "\n"};
  if (head.path == "/report") {
    text.body_delay = kQuickReport + milliseconds(dice_() % kReportSpread);
  } else {
    text.delay = time_taken();
  }
  return std::make_unique<PlainAnswer>(writer, std::move(text));
}

// Nine in ten pages at once, one in a hundred slowly: what percentiles are for.
Duration AppServer::time_taken() {
  const unsigned roll = static_cast<unsigned>(dice_() % 100);
  if (roll == 0) return milliseconds(100 + dice_() % 100);
  return roll < 10 ? milliseconds(dice_() % 40) : milliseconds(0);
}

}  // namespace tealgate::demo
