// Words to build services with in a test: service("shop", {pool("blue", {server("a", 5)})},
// {"blue"}).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "upstream/service.h"
#include "upstream/snapshot.h"

namespace tealgate::testing {

inline Server server(const std::string& name, unsigned weight = 1) {
  Server result;
  result.name = name;
  result.address_text = "127.0.0.1:1";
  result.address = SocketAddress::parse("127.0.0.1:1", SocketAddress::EmptyHost::Loopback).value();
  result.weight = weight;
  result.state = std::make_shared<ServerState>(1);
  result.state->set_health(Health::Up);
  return result;
}

inline Pool pool(const std::string& name, std::vector<Server> servers) {
  return {name, std::move(servers)};
}

inline Service service(const std::string& name, std::vector<Pool> pools,
                       const std::vector<std::string>& split) {
  Service result;
  result.name = name;
  std::vector<std::string> names;
  for (const Pool& p : pools) names.push_back(p.name);
  result.pools = std::move(pools);
  result.split = parse_split(split, names).value();
  result.settings = std::make_shared<ServiceSettings>();
  return result;
}

inline std::shared_ptr<const Snapshot> snapshot(std::uint64_t generation,
                                                std::vector<Service> services = {}) {
  return std::make_shared<const Snapshot>(generation, std::move(services),
                                          std::vector<AddressBlock>());
}

}  // namespace tealgate::testing
