// Where log lines are pushed to, and as whom: `logs.loki` of the config.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tealgate {

struct LokiSettings {
  std::string url;     // of the push API, whole
  std::string tenant;  // empty: none is named
  std::vector<std::pair<std::string, std::string>> labels;
  std::string username;  // with `password`; empty: none
  std::string password;
  std::string token;    // empty: none
  std::string ca_file;  // empty: whom the system trusts
  std::uint64_t queue_bytes = std::uint64_t{16} << 20;

  bool operator==(const LokiSettings&) const = default;
};

}  // namespace tealgate
