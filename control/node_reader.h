// Reads single values out of a config tree: reports what is wrong with each, once, and never shows
// a substituted value.
//
// The readers of the parts of a config (config_reader, service_reader, health_reader, pool_reader)
// share one. What it returns empty is reported already.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/config_surroundings.h"
#include "control/config_tree.h"
#include "control/network_values.h"
#include "control/options.h"

namespace tealgate {

class NodeReader {
 public:
  NodeReader(const ConfigSurroundings& surroundings, Findings& findings)
      : surroundings_(surroundings), findings_(findings) {}

  Findings& findings() { return findings_; }
  const ConfigSurroundings& surroundings() const { return surroundings_; }

  // `label: "value" message`. The hint is left out where it could show a substituted value.
  void reject(const ConfigNode& node, std::string_view label, const ValueError& error);

  // A map, and not an empty one.
  bool is_map(const ConfigNode& node, std::string_view label);

  // Reports the keys that a map of `context` at `prefix` ("" or "timeouts.") does not take. Returns
  // what was probably meant by them, so that it isn't reported as missing, too.
  std::vector<std::string> check_keys(const ConfigNode& map, OptionContext context,
                                      std::string_view prefix);

  // A scalar's text, not empty.
  std::optional<std::string> text(const ConfigNode& node, std::string_view label);

  // The scalars of a list, or the one scalar that stands for it; not none.
  std::vector<const ConfigNode*> scalars(const ConfigNode& node, std::string_view label);

  std::optional<Duration> duration(const ConfigNode& node, const Option& option);
  std::optional<std::uint64_t> size(const ConfigNode& node, const Option& option);
  std::optional<unsigned> number(const ConfigNode& node, const Option& option);
  std::optional<unsigned> percent(const ConfigNode& node, const Option& option);
  std::optional<bool> flag(const ConfigNode& node, std::string_view label);

  // The value of `entry` through the option's slot. False if the option has none.
  bool store(const ConfigNode& node, const Option& option, ServiceSettings& settings);
  bool store(const ConfigNode& node, const Option& option, Config& config);

 private:
  template <class Target>
  bool store_plain(const ConfigNode& node, const Option& option, Target& target);
  template <class T>
  std::optional<T> bounded(const ConfigNode& node, const Option& option,
                           Result<T> (*parse)(std::string_view));

  const ConfigSurroundings& surroundings_;
  Findings& findings_;
};

// The value for a message: quoted, cut, and as written where it was substituted.
std::string shown(const ConfigNode& node);

}  // namespace tealgate
