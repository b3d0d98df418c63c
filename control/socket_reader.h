// Reads `control.socket`: one path, a map, or a list of maps, each a socket with its group, role
// and services.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "control/config.h"
#include "control/node_reader.h"

namespace tealgate {

class SocketReader {
 public:
  explicit SocketReader(NodeReader& reader) : reader_(reader) {}

  std::vector<ControlSocketConfig> read(const ConfigNode& node);
  // A socket must not be for one that does not stand below `services`.
  void check_services(const ConfigNode& services);

 private:
  void read_map(const ConfigNode& map);
  void read_role(const ConfigNode& node, Role& role);
  void read_services(const ConfigNode& node, ControlSocketConfig& socket);
  bool read_path(const ConfigNode& node, std::string_view label, ControlSocketConfig& socket);
  void warn_without_admin(const ConfigNode& node);

  NodeReader& reader_;
  std::vector<ControlSocketConfig> sockets_;
  std::vector<int> lines_;                    // of each one's path
  std::vector<const ConfigNode*> mentioned_;  // services
};

}  // namespace tealgate
