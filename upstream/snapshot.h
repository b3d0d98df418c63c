// The immutable routing state: all that a worker needs to route a request, with an internal
// generation.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/address.h"
#include "upstream/route_table.h"
#include "upstream/service.h"

namespace tealgate {

// What counts beside the services.
struct BesideServices {
  ClientLimits limits;
  // For what we answer to requests that belong to no service: their error pages and response
  // fields. Never null.
  std::shared_ptr<const ServiceSettings> unrouted = std::make_shared<const ServiceSettings>();
  std::shared_ptr<TrafficFigures> own = {};  // of those requests; null: not counted
};

struct Snapshot {
  Snapshot(std::uint64_t number, std::vector<Service> all_services,
           std::vector<AddressBlock> trusted_blocks, BesideServices beside = {})
      : generation(number),
        services(std::move(all_services)),
        trusted_proxies(std::move(trusted_blocks)),
        limits(beside.limits),
        unrouted(std::move(beside.unrouted)),
        own(std::move(beside.own)),
        routes(services) {}
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  const std::uint64_t generation;  // 1, 2, …
  const std::vector<Service> services;
  const std::vector<AddressBlock> trusted_proxies;
  const ClientLimits limits;
  const std::shared_ptr<const ServiceSettings> unrouted;
  const std::shared_ptr<TrafficFigures> own;
  const RouteTable routes;

  const Service* find_service(std::string_view name) const;
  // The service to which every request belongs, whatever it asks for; null if there is none such.
  const Service* sole_service() const;
  bool is_trusted(const SocketAddress& peer) const;
};

// Calls visit(service, pool, server) for each server.
template <class Visit>
void for_each_server(const Snapshot& snapshot, const Visit& visit) {
  for (const Service& service : snapshot.services) {
    for (const Pool& pool : service.pools) {
      for (const Server& server : pool.servers) visit(service, pool, server);
    }
  }
}

}  // namespace tealgate
