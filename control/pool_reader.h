// Reads the pools of one service: their servers, and that no two are called the same.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "control/config.h"
#include "control/node_reader.h"

namespace tealgate {

class PoolReader {
 public:
  explicit PoolReader(NodeReader& reader) : reader_(reader) {}

  // The pools in the order of the file; a pool with an error has fewer servers than written, but is
  // there.
  std::vector<PoolConfig> read(const ConfigNode& map);

 private:
  void read_pool(const ConfigEntry& entry, PoolConfig& pool);
  bool may_be_called(const ConfigEntry& entry);
  void read_pool_map(const ConfigEntry& entry, PoolConfig& pool);
  void read_servers(const ConfigEntry& entry, std::string_view name, PoolConfig& pool);
  void read_server(const ConfigNode& node, PoolConfig& pool);
  void read_server_map(const ConfigNode& map, PoolConfig& pool);
  void add(const ConfigNode& at, ServerConfig server, PoolConfig& pool);
  std::optional<ServerConfig> read_address(const ConfigNode& node);

  struct Seen {
    std::string pool;
    std::string server;
    int line;
  };
  NodeReader& reader_;
  std::map<std::string, Seen, std::less<>> by_name_;
  std::map<std::string, Seen, std::less<>> by_address_;
};

// Letters, digits, _ and -, and what else `more` has; at most 64.
bool is_config_name(std::string_view name, std::string_view more);

}  // namespace tealgate
