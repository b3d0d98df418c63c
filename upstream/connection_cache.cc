#include "upstream/connection_cache.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace tealgate {

// An idle connection: whatever happens on it ends it.
class ConnectionCache::Idle final : public UpstreamUser {
 public:
  Idle(ConnectionCache& cache, std::unique_ptr<UpstreamConnection> connection)
      : cache_(cache), connection_(std::move(connection)), since_(cache.loop_.now()) {
    connection_->set_user(*this);
    connection_->http().set_idle(true);
    const Duration announced = connection_->http().server_idle_timeout();
    const Duration allowed = announced == Duration::zero()
                                 ? kIdleTime
                                 : std::min(kIdleTime, announced - std::chrono::seconds(1));
    connection_->start_deadline(allowed);
  }

  std::unique_ptr<UpstreamConnection> release() {
    connection_->stop_deadline();
    connection_->http().set_idle(false);
    return std::move(connection_);
  }

  UpstreamConnection& connection() { return *connection_; }
  TimePoint since() const { return since_; }

 private:
  void on_response_head(const ResponseHead&) override {}
  void on_response_body(std::string_view) override {}
  void on_response_end() override {}
  void on_failure(Failure, std::string_view) override { cache_.remove(*this); }
  void on_deadline() override { cache_.remove(*this); }

  ConnectionCache& cache_;
  std::unique_ptr<UpstreamConnection> connection_;
  TimePoint since_;
};

ConnectionCache::ConnectionCache(Loop& loop) : loop_(loop) {}

ConnectionCache::~ConnectionCache() = default;

std::unique_ptr<UpstreamConnection> ConnectionCache::take(const Server& server, Duration max_idle) {
  const auto found = by_server_.find(server.state.get());
  if (found == by_server_.end()) return nullptr;
  Entries& entries = found->second;
  while (!entries.empty()) {
    if (loop_.now() - entries.back()->since() > max_idle) return nullptr;
    const std::unique_ptr<Idle> idle = std::move(entries.back());
    entries.pop_back();
    // Its close may have been seen with its last bytes, but not yet be read.
    if (!idle->connection().is_as_to(server)) continue;
    if (idle->connection().http().is_reusable()) return idle->release();
  }
  return nullptr;
}

void ConnectionCache::put(std::unique_ptr<UpstreamConnection> connection) {
  CHECK(connection->http().is_reusable(), "a used up connection in the cache");
  Entries& entries = by_server_[&connection->server()];
  entries.push_back(std::make_unique<Idle>(*this, std::move(connection)));
}

void ConnectionCache::close_all(const ServerState& server) {
  by_server_.erase(&server);
}

void ConnectionCache::close_unless(const std::function<bool(const ServerState&)>& keep) {
  std::erase_if(by_server_, [&keep](const auto& entry) { return !keep(*entry.first); });
}

// Called from inside the connection's own callbacks.
void ConnectionCache::remove(Idle& idle) {
  const auto found = by_server_.find(&idle.connection().server());
  CHECK(found != by_server_.end(), "an idle connection that the cache does not know");
  Entries& entries = found->second;
  const auto at = std::find_if(entries.begin(), entries.end(),
                               [&idle](const auto& entry) { return entry.get() == &idle; });
  CHECK(at != entries.end(), "an idle connection that the cache does not know");
  entries.erase(at);
}

}  // namespace tealgate
