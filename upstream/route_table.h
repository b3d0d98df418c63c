// Finds the service for a host and a path.
//
// Most specific host first (exact, then the longest wildcard, then services without hosts), within
// it the longest path prefix, on segment boundaries: "/api" fits "/api" and "/api/x", not "/apix".
// Host comparison ignores case and port and a trailing dot.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "upstream/service.h"

namespace tealgate {

class RouteTable {
 public:
  RouteTable() = default;
  // Keeps pointers into `services`, which must stay where they are.
  explicit RouteTable(const std::vector<Service>& services);

  // Null if no service fits the host (the answer is 421) or no path prefix fits (404 is not ours to
  // say: 421, too). `path` is the normalised path.
  const Service* find(std::string_view authority, std::string_view path) const;

 private:
  struct PathRoute {
    std::string prefix;  // "" = any
    const Service* service;
  };
  using PathRoutes = std::vector<PathRoute>;  // longest prefix first

  static const Service* find_path(const PathRoutes& routes, std::string_view path);

  std::unordered_map<std::string, PathRoutes> exact_;
  std::vector<std::pair<std::string, PathRoutes>> wildcards_;  // ".example.com", longest first
  PathRoutes any_host_;
};

// "Shop.Example.com.:8080" → "shop.example.com"; an IPv6 literal keeps its brackets.
std::string normalise_host(std::string_view authority);

}  // namespace tealgate
