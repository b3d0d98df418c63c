// Reads `role` and `services` wherever a config says what somebody may do: of sockets and of
// tokens.
#pragma once

#include <string>
#include <vector>

#include "control/access.h"
#include "control/node_reader.h"

namespace tealgate {

class AccessReader {
 public:
  explicit AccessReader(NodeReader& reader) : reader_(reader) {}

  std::optional<Role> role(const ConfigNode& node);
  std::vector<std::string> services(const ConfigNode& node);
  // Nobody must be given one that does not stand below `services`.
  void check_services(const ConfigNode& services);

 private:
  NodeReader& reader_;
  std::vector<const ConfigNode*> mentioned_;  // services
};

}  // namespace tealgate
