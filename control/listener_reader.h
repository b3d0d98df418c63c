// Reads `listen`: where clients connect, and how: PROXY protocol, TLS, redirects.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/node_reader.h"
#include "upstream/data_plane.h"

namespace tealgate {

class ListenerReader {
 public:
  explicit ListenerReader(NodeReader& reader) : reader_(reader) {}

  std::vector<ListenerSettings> read(const ConfigNode& node);

  // The line of the listener with that address, or 0.
  int line_of(const SocketAddress& address) const;
  // Where proxy_protocol is first on.
  const std::optional<TextPosition>& proxy_protocol() const { return proxy_protocol_; }

 private:
  void read_one(const ConfigNode& node);
  void read_map(const ConfigNode& map);
  bool add(const ConfigNode& node, std::string_view label);
  void read_proxy_protocol(const ConfigEntry& entry);
  void read_redirect(const ConfigNode& node);
  void read_hsts(const ConfigEntry& entry, const ConfigNode& map);

  NodeReader& reader_;
  std::vector<ListenerSettings> listeners_;
  std::map<std::string, int> lines_;  // by address
  std::optional<TextPosition> proxy_protocol_;
};

}  // namespace tealgate
