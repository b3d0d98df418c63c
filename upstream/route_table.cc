#include "upstream/route_table.h"

#include <algorithm>

namespace tealgate {
namespace {

bool fits(std::string_view prefix, std::string_view path) {
  if (!path.starts_with(prefix)) return false;
  return prefix.empty() || prefix.back() == '/' || path.size() == prefix.size() ||
         path[prefix.size()] == '/';
}

}  // namespace

RouteTable::RouteTable(const std::vector<Service>& services) {
  auto add = [](PathRoutes& routes, const Service& service) {
    if (service.paths.empty()) routes.push_back({"", &service});
    for (const std::string& path : service.paths) {
      routes.push_back({path == "/" ? "" : path, &service});
    }
  };
  auto wildcard_routes = [this](const std::string& suffix) -> PathRoutes& {
    for (auto& [known, routes] : wildcards_) {
      if (known == suffix) return routes;
    }
    return wildcards_.emplace_back(suffix, PathRoutes()).second;
  };
  for (const Service& service : services) {
    if (service.hosts.empty()) add(any_host_, service);
    for (const std::string& host : service.hosts) {
      add(host.starts_with("*.") ? wildcard_routes(host.substr(1)) : exact_[host], service);
    }
  }

  auto sort = [](PathRoutes& routes) {
    std::stable_sort(routes.begin(), routes.end(), [](const PathRoute& a, const PathRoute& b) {
      return a.prefix.size() > b.prefix.size();
    });
  };
  for (auto& [host, routes] : exact_) sort(routes);
  for (auto& [suffix, routes] : wildcards_) sort(routes);
  sort(any_host_);
  std::stable_sort(wildcards_.begin(), wildcards_.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

const Service* RouteTable::find(std::string_view authority, std::string_view path) const {
  if (exact_.empty() && wildcards_.empty()) return find_path(any_host_, path);
  std::string host = normalise_host(authority);
  if (auto found = exact_.find(host); found != exact_.end()) {
    if (const Service* service = find_path(found->second, path)) return service;
  }
  for (const auto& [suffix, routes] : wildcards_) {
    if (host.size() <= suffix.size() || !host.ends_with(suffix)) continue;
    if (const Service* service = find_path(routes, path)) return service;
  }
  return find_path(any_host_, path);
}

const Service* RouteTable::find_path(const PathRoutes& routes, std::string_view path) {
  for (const PathRoute& route : routes) {
    if (fits(route.prefix, path)) return route.service;
  }
  return nullptr;
}

std::string normalise_host(std::string_view authority) {
  std::size_t end = authority.starts_with('[') ? authority.find(']') : authority.rfind(':');
  if (end != std::string_view::npos) {
    authority = authority.substr(0, authority.starts_with('[') ? end + 1 : end);
  }
  if (authority.ends_with('.')) authority.remove_suffix(1);
  std::string host(authority);
  for (char& c : host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return host;
}

}  // namespace tealgate
