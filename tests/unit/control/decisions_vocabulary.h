// Configs and decisions as tests write them: a service `shop` with pools of two servers.
#pragma once

#include "control/decisions.h"

inline tealgate::PoolConfig pool_of(const std::string& name,
                                    const std::vector<std::string>& addresses) {
  tealgate::PoolConfig pool;
  pool.name = name;
  for (const std::string& address : addresses) {
    tealgate::ServerConfig server;
    server.name = server.address_text = address;
    server.address =
        *tealgate::SocketAddress::parse(address, tealgate::SocketAddress::EmptyHost::Loopback);
    pool.servers.push_back(server);
  }
  return pool;
}

inline tealgate::Split split_of(const std::vector<std::string>& pools) {
  tealgate::Split split;
  for (const std::string& pool : pools) split.entries.push_back({pool, std::nullopt});
  return split;
}

// blue and green, with two servers each; blue serves first.
inline tealgate::Config shop_config() {
  tealgate::ServiceConfig shop;
  shop.name = "shop";
  shop.pools = {pool_of("blue", {"10.0.0.11:80", "10.0.0.12:80"}),
                pool_of("green", {"10.0.0.21:80", "10.0.0.22:80"})};
  shop.initial = split_of({"blue"});
  shop.settings.health.kind = tealgate::HealthSettings::Kind::Http;
  tealgate::Config config;
  config.services.push_back(shop);
  return config;
}

inline tealgate::Decided decided_by(const std::string& operation) {
  return {operation, "ci", "release", "v1", tealgate::WallTime{} + std::chrono::seconds(1)};
}
