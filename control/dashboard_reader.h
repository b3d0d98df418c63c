// Reads `control.dashboard`: an address, or a map of it with the names, the tokens and whether
// reading is free.
//
// What a token's hash was mistaken for may be the token: no message shows it.
#pragma once

#include <string>
#include <vector>

#include "control/access_reader.h"
#include "control/config.h"
#include "control/listener_reader.h"
#include "control/node_reader.h"

namespace tealgate {

class DashboardReader {
 public:
  DashboardReader(NodeReader& reader, AccessReader& access) : reader_(reader), access_(access) {}

  DashboardConfig read(const ConfigNode& node);
  // It must not have the address of a listener.
  void check(const ListenerReader& listeners);

 private:
  void read_map(const ConfigNode& map);
  void read_address(const ConfigNode& node, std::string_view label);
  void read_hosts(const ConfigNode& node);
  void read_tokens(const ConfigNode& node);
  void read_token(const ConfigNode& map);
  bool read_name(const ConfigNode& node, DashboardToken& token);
  bool read_hash(const ConfigNode& node, DashboardToken& token);
  void warn_of_nobody(const ConfigNode& node);

  NodeReader& reader_;
  AccessReader& access_;
  DashboardConfig dashboard_;
  const ConfigNode* address_ = nullptr;  // where it stands
};

// Whether only this machine can reach it.
bool is_loopback(const SocketAddress& address);

}  // namespace tealgate
