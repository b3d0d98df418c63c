#include "demo/stage.h"

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <utility>

namespace tealgate::demo {

namespace {
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
  clear();
  unlink(settings_.break_socket.c_str());
}

std::vector<std::string> Stage::servers(std::string_view pool) const {
  std::vector<std::string> servers;
  for (const auto& server : servers_) {
    if (server->pool() != pool) continue;
    servers.push_back(
        fmt::format("{{name: {}, address: {}}}", server->name(), server->address().to_string()));
  }
  return servers;
}

void Stage::start() {
  thread_ = std::thread([this] { loop_.run(); });
}

void Stage::play(const SocketAddress& proxy, std::function<void()> invite) {
  mailbox_.post([this, proxy, invite = std::move(invite)] {
    rehearse([this, proxy, invite] {
      invite();
      begin(proxy);
    });
  });
}

void Stage::rest() {
  const auto over = std::make_shared<std::promise<void>>();
  mailbox_.post([this, over] {
    clear();
    over->set_value();
  });
  over->get_future().wait_for(kLongestRest);
}

void Stage::clear() {
  releases_.reset();
  breakdowns_.reset();
  live_line_.reset();
  traffic_.reset();
}

void Stage::rehearse(std::function<void()> on_ready) {
  const Result<SocketAddress> socket = SocketAddress::unix_path(settings_.control_socket);
  if (!settings_.release_every || !socket) return on_ready();
  const auto put = [this](std::string_view pool, const std::string& version) {
    deploy(pool, version);
  };
  releases_ = std::make_unique<Releases>(loop_, *socket, *settings_.release_every, put);
  releases_->begin(std::move(on_ready));
}

void Stage::begin(const SocketAddress& proxy) {
  if (settings_.duration) end_.start(*settings_.duration);
  if (settings_.break_every) {
    const auto choose = [this] { return next_to_break(); };
    breakdowns_ = std::make_unique<Breakdowns>(loop_, *settings_.break_every, choose);
    breakdowns_->begin();
  }
  if (!settings_.traffic) return;
  traffic_ = std::make_unique<Traffic>(loop_, proxy);
  live_line_ = std::make_unique<LiveLine>(loop_, *traffic_);
}

// One after the other; none of a pool whose other server is broken, and it would be the last.
AppServer* Stage::next_to_break() {
  const std::size_t count = servers_.size();
  for (std::size_t i = 0; i < count; ++i) {
    AppServer* const server = servers_[broken_++ % count].get();
    const auto well = std::ranges::count_if(servers_, [server](const auto& other) {
      return other->pool() == server->pool() && other->is_healthy();
    });
    if (server->is_healthy() && well > 1) return server;
  }
  return nullptr;
}

void Stage::deploy(std::string_view pool, const std::string& version) {
  for (const auto& server : servers_) {
    if (server->pool() == pool) server->set_version(version);
  }
}

bool Stage::set_health(std::string_view pool, bool healthy) {
  if (breakdowns_) breakdowns_->leave_alone(pool);
  bool found = false;
  for (const auto& server : servers_) {
    if (server->pool() != pool) continue;
    server->set_healthy(healthy);
    found = true;
  }
  return found;
}

}  // namespace tealgate::demo
