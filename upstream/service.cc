#include "upstream/service.h"

#include <algorithm>

namespace tealgate {

const Pool* Service::find_pool(std::string_view pool_name) const {
  for (const Pool& pool : pools) {
    if (pool.name == pool_name) return &pool;
  }
  return nullptr;
}

bool Service::has_active_server() const {
  return std::any_of(pools.begin(), pools.end(), [this](const Pool& pool) {
    return split.is_active(pool.name) &&
           std::any_of(pool.servers.begin(), pool.servers.end(),
                       [](const Server& server) { return server.is_eligible(); });
  });
}

}  // namespace tealgate
