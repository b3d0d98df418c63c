#include "control/config.h"

#include <algorithm>

namespace tealgate {

std::vector<std::string> ServiceConfig::pool_names() const {
  std::vector<std::string> names;
  for (const PoolConfig& pool : pools) names.push_back(pool.name);
  return names;
}

const ServiceConfig* Config::find_service(std::string_view service) const {
  const auto found = std::ranges::find(services, service, &ServiceConfig::name);
  return found == services.end() ? nullptr : &*found;
}

std::vector<std::string> keys_needing_restart(const Config& running, const Config& wanted) {
  std::vector<std::string> keys;
  if (running.workers != wanted.workers) keys.push_back("workers");
  if (running.logs.access != wanted.logs.access) keys.push_back("logs.access");
  if (running.logs.format != wanted.logs.format) keys.push_back("logs.format");
  if (running.control.dashboard.written != wanted.control.dashboard.written)
    keys.push_back("control.dashboard");
  if (running.control.state != wanted.control.state) keys.push_back("control.state");
  return keys;
}

}  // namespace tealgate
