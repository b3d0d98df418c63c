// Reads `services` and `defaults`, and checks that no two services ask for the same requests.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "control/config.h"
#include "control/node_reader.h"
#include "control/settings_reader.h"

namespace tealgate {

class ServiceReader {
 public:
  explicit ServiceReader(NodeReader& reader) : reader_(reader) {}

  // Before services(), wherever it stands in the file. Returns what it comes to.
  const ServiceSettings& defaults(const ConfigNode& map);

  std::vector<ServiceConfig> services(const ConfigNode& map);

 private:
  struct Patterns {
    std::vector<std::string> values;
    std::vector<TextPosition> places;
    bool is_whole = true;  // none was wrong
  };

  ServiceConfig service(const ConfigEntry& entry);
  Patterns patterns(const ConfigEntry* entry, std::string_view label,
                    ValueResult<std::string> (*parse)(std::string_view));
  void read_pools(const ConfigNode& map, const std::vector<std::string>& meant,
                  ServiceConfig& service);
  void read_initial(const ConfigNode& map, ServiceConfig& service);
  void read_settings_of(const ConfigEntry& entry, ServiceConfig& service);
  void check_conflicts(const ConfigEntry& entry, const Patterns& hosts, const Patterns& paths);

  NodeReader& reader_;
  SettingsRead defaults_;
  // Who asks for a host and path, "" for any; and on which line.
  std::map<std::pair<std::string, std::string>, std::pair<std::string, int>> claims_;
};

}  // namespace tealgate
