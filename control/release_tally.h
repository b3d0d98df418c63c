// How releases went, counted since the daemon began: what /metrics says of switches, rollbacks and
// drains. Fed with the history's lines; control loop's thread.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>

#include "base/histogram.h"

namespace tealgate {

class ReleaseTally {
 public:
  struct Releases {
    // By kind (switch, rollback) and result (done, refused, rolled_back, interrupted).
    std::map<std::pair<std::string, std::string>, std::uint64_t> results;
    HistogramCounts took;  // from the call to the announcement; done ones only
    std::uint64_t cut_http = 0;
    std::uint64_t cut_streams = 0;
  };

  void count(const nlohmann::ordered_json& line);
  const std::map<std::string, Releases>& by_service() const { return by_service_; }
  bool is_last_reload_good() const { return is_last_reload_good_; }

 private:
  std::map<std::string, Releases> by_service_;
  bool is_last_reload_good_ = true;
};

}  // namespace tealgate
