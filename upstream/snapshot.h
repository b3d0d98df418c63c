// The immutable routing state: all that a worker needs to route a request, with an internal
// generation.
#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "upstream/route_table.h"
#include "upstream/service.h"

namespace tealgate {

struct Snapshot {
  Snapshot(std::uint64_t number, std::vector<Service> all_services,
           std::vector<AddressBlock> trusted_blocks, const ClientLimits& client_limits = {})
      : generation(number),
        services(std::move(all_services)),
        trusted_proxies(std::move(trusted_blocks)),
        limits(client_limits),
        routes(services) {}
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  const std::uint64_t generation;  // 1, 2, …
  const std::vector<Service> services;
  const std::vector<AddressBlock> trusted_proxies;
  const ClientLimits limits;
  const RouteTable routes;

  const Service* find_service(std::string_view name) const;
  bool is_trusted(const SocketAddress& peer) const;
};

}  // namespace tealgate
