#include "upstream/snapshot.h"

#include <algorithm>

namespace tealgate {

const Service* Snapshot::find_service(std::string_view name) const {
  for (const Service& service : services) {
    if (service.name == name) return &service;
  }
  return nullptr;
}

const Service* Snapshot::sole_service() const {
  if (services.size() != 1) return nullptr;
  const Service& service = services.front();
  return service.hosts.empty() && service.paths.empty() ? &service : nullptr;
}

bool Snapshot::is_trusted(const SocketAddress& peer) const {
  return std::any_of(trusted_proxies.begin(), trusted_proxies.end(),
                     [&](const AddressBlock& block) { return block.contains(peer); });
}

}  // namespace tealgate
