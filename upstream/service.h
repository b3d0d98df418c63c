// What clients ask for and what is released as one: hosts and paths, pools of servers, and the
// split between them. Immutable inside a snapshot.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/server.h"
#include "upstream/service_settings.h"
#include "upstream/split.h"

namespace tealgate {

struct Pool {
  std::string name;
  std::vector<Server> servers;  // at least one
};

struct Service {
  std::string name;
  std::vector<std::string> hosts;  // lower case; "*.example.com" allowed; empty = any host
  std::vector<std::string> paths;  // prefixes, each with a leading slash; empty = any path
  std::vector<Pool> pools;         // at least one
  Split split;
  std::uint64_t revision = 0;  // of the decision that made the split and the administrative states
  std::shared_ptr<const ServiceSettings> settings;
  std::shared_ptr<TrafficFigures> own;  // what we answer without asking a server; null: not counted

  const Pool* find_pool(std::string_view name) const;
  bool has_active_server() const;  // an eligible one in an active pool
};

}  // namespace tealgate
