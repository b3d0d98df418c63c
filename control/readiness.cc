#include "control/readiness.h"

namespace tealgate {
namespace {

std::vector<ServerKey> active_servers(const Snapshot& snapshot) {
  std::vector<ServerKey> servers;
  for (const Service& service : snapshot.services) {
    for (const Pool& pool : service.pools) {
      if (!service.split.is_active(pool.name)) continue;
      for (const Server& server : pool.servers) {
        if (server.admin == AdminState::Ready) {
          servers.push_back({service.name, pool.name, server.name});
        }
      }
    }
  }
  return servers;
}

}  // namespace

Readiness::Readiness(Loop& loop, Prober& prober, const Snapshot& snapshot,
                     std::function<void()> on_ready)
    : on_ready_(std::move(on_ready)),
      longest_(loop, [this] { this->on_ready(); }),
      round_(prober.probe(active_servers(snapshot), [this] { this->on_ready(); })) {
  longest_.start(kLongest);
}

void Readiness::on_ready() {
  longest_.stop();
  if (auto tell = std::exchange(on_ready_, nullptr)) tell();
}

}  // namespace tealgate
