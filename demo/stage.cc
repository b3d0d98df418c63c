#include "demo/stage.h"

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <future>
#include <utility>

namespace tealgate::demo {

namespace {
constexpr unsigned kClients = 8;
constexpr std::chrono::seconds kLongestRest(2);
}  // namespace

Result<std::unique_ptr<Stage>> Stage::set(const Settings& settings) {
  std::unique_ptr<Stage> stage(new Stage(settings));
  for (const char* pool : {"blue", "green"}) {
    for (unsigned i = 1; i <= settings.servers_per_pool; ++i) {
      auto server = AppServer::start(stage->loop_, pool, fmt::format("{}-{}", pool, i));
      if (!server) return tl::make_unexpected(server.error());
      stage->servers_.push_back(std::move(*server));
    }
  }
  Result<UniqueFd> socket = listen_unix(settings.break_socket, 0600);
  if (!socket) return tl::make_unexpected(socket.error());
  stage->break_socket_ = std::make_unique<BreakSocket>(
      stage->loop_, std::move(*socket), [stage = stage.get()](std::string_view pool, bool healthy) {
        return stage->set_health(pool, healthy);
      });
  return stage;
}

Stage::Stage(const Settings& settings)
    : settings_(settings), mailbox_(loop_), end_(loop_, [] { kill(getpid(), SIGTERM); }) {}

Stage::~Stage() {
  if (thread_.joinable()) {
    mailbox_.post([this] { loop_.stop(); });
    thread_.join();
  }
  live_line_.reset();
  traffic_.reset();
  unlink(settings_.break_socket.c_str());
}

std::vector<std::string> Stage::addresses(std::string_view pool) const {
  std::vector<std::string> addresses;
  for (const auto& server : servers_) {
    if (server->pool() == pool) addresses.push_back(server->address().to_string());
  }
  return addresses;
}

void Stage::start() {
  thread_ = std::thread([this] { loop_.run(); });
}

void Stage::play(const SocketAddress& proxy) {
  mailbox_.post([this, proxy] { begin(proxy); });
}

void Stage::rest() {
  const auto over = std::make_shared<std::promise<void>>();
  mailbox_.post([this, over] {
    live_line_.reset();
    traffic_.reset();
    over->set_value();
  });
  over->get_future().wait_for(kLongestRest);
}

void Stage::begin(const SocketAddress& proxy) {
  if (settings_.duration) end_.start(*settings_.duration);
  if (!settings_.traffic) return;
  traffic_ = std::make_unique<Traffic>(loop_, proxy, kClients);
  live_line_ = std::make_unique<LiveLine>(loop_, *traffic_);
}

bool Stage::set_health(std::string_view pool, bool healthy) {
  bool found = false;
  for (const auto& server : servers_) {
    if (server->pool() != pool) continue;
    server->set_healthy(healthy);
    found = true;
  }
  return found;
}

}  // namespace tealgate::demo
