// Reads `control.socket`: one path, a map, or a list of maps, each a socket with its group, role
// and services.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "control/access_reader.h"
#include "control/config.h"
#include "control/node_reader.h"

namespace tealgate {

class SocketReader {
 public:
  SocketReader(NodeReader& reader, AccessReader& access) : reader_(reader), access_(access) {}

  std::vector<ControlSocketConfig> read(const ConfigNode& node);

 private:
  void read_map(const ConfigNode& map);
  bool read_path(const ConfigNode& node, std::string_view label, ControlSocketConfig& socket);
  void warn_without_admin(const ConfigNode& node);

  NodeReader& reader_;
  AccessReader& access_;
  std::vector<ControlSocketConfig> sockets_;
  std::vector<int> lines_;  // of each one's path
};

}  // namespace tealgate
