#include "control/pool_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "control/pool_tls_reader.h"

namespace tealgate {
namespace {

// Words that commands understand in a pool's place.
constexpr auto kReserved = std::to_array<std::string_view>({"all", "idle", "active", "none"});

}  // namespace

bool is_config_name(std::string_view name, std::string_view more) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || more.find(c) != std::string_view::npos;
  });
}

std::vector<PoolConfig> PoolReader::read(const ConfigNode& map) {
  std::vector<PoolConfig> pools;
  if (!reader_.is_map(map, "pools")) return pools;
  for (const ConfigEntry& entry : map.entries) {
    if (entry.is_bad_key) continue;
    PoolConfig pool{.name = entry.key, .servers = {}};
    const bool is_named_well = may_be_called(entry);
    if (entry.is_repeated) {
      PoolReader(reader_).read_pool(entry, pool);
      continue;
    }
    read_pool(entry, pool);
    if (is_named_well) pools.push_back(std::move(pool));
  }
  return pools;
}

bool PoolReader::may_be_called(const ConfigEntry& entry) {
  if (std::ranges::find(kReserved, entry.key) != kReserved.end()) {
    reader_.findings().error(entry.at, fmt::format("a pool cannot be called \"{}\"", entry.key),
                             "all, idle, active and none mean something in commands");
    return false;
  }
  if (is_config_name(entry.key, "")) return true;
  reader_.findings().error(entry.at, fmt::format("\"{}\" is not a name for a pool", entry.key),
                           "at most 64 letters, digits, _ and -");
  return false;
}

void PoolReader::read_pool(const ConfigEntry& entry, PoolConfig& pool) {
  const ConfigNode& node = entry.value;
  const bool is_pool_map =
      node.is_map() && !node.find("address") && (node.find("servers") || node.find("tls"));
  is_pool_map ? read_pool_map(entry, pool) : read_servers(entry, entry.key, pool);
}

void PoolReader::read_pool_map(const ConfigEntry& entry, PoolConfig& pool) {
  const ConfigNode& map = entry.value;
  const std::vector<std::string> meant = reader_.check_keys(map, OptionContext::Pool, "");
  if (const ConfigEntry* servers = map.find("servers")) {
    read_servers(*servers, entry.key, pool);
  } else if (!map.is_incomplete && std::ranges::find(meant, "servers") == meant.end()) {
    reader_.findings().error(entry.at, fmt::format("pool \"{}\" has no servers", entry.key),
                             "add servers: [HOST:PORT]");
  }
  if (const ConfigEntry* tls = map.find("tls")) pool.tls = read_pool_tls(reader_, tls->value);
}

// The value of `entry` are the servers of the pool `name`.
void PoolReader::read_servers(const ConfigEntry& entry, std::string_view name, PoolConfig& pool) {
  const ConfigNode& node = entry.value;
  if (node.is_bad) return;
  const bool is_empty =
      node.kind == ConfigNode::Kind::Null || (node.is_list() && node.items.empty());
  if (is_empty) {
    if (!node.is_incomplete)
      reader_.findings().error(entry.at, fmt::format("pool \"{}\" has no servers", name),
                               "write their addresses: [10.0.0.11:8080, 10.0.0.12:8080]");
    return;
  }
  if (!node.is_list()) return read_server(node, pool);
  for (const ConfigNode& item : node.items) read_server(item, pool);
}

void PoolReader::read_server(const ConfigNode& node, PoolConfig& pool) {
  if (node.is_map()) return read_server_map(node, pool);
  if (std::optional<ServerConfig> server = read_address(node)) add(node, *std::move(server), pool);
}

void PoolReader::read_server_map(const ConfigNode& map, PoolConfig& pool) {
  if (!reader_.is_map(map, "a server")) return;
  const std::vector<std::string> meant = reader_.check_keys(map, OptionContext::Server, "");
  ServerConfig server;
  bool is_whole = true;
  if (const ConfigEntry* weight = map.find("weight")) {
    const Option& option = *find_option(OptionContext::Server, "weight");
    server.weight = reader_.number(weight->value, option).value_or(1);
  }
  if (const ConfigEntry* address = map.find("address")) {
    const std::optional<ServerConfig> read = read_address(address->value);
    is_whole = read.has_value();
    server.address_text = is_whole ? read->address_text : "";
    server.address = is_whole ? read->address : SocketAddress();
    server.name = server.address_text;
  } else {
    is_whole = false;
    const bool is_meant = std::ranges::find(meant, "address") != meant.end();
    if (!map.is_incomplete && !is_meant)
      reader_.findings().error(map.at, "this server has no \"address\"", "add address: HOST:PORT");
  }
  const ConfigEntry* name = map.find("name");
  if (name) {
    const std::optional<std::string> text = reader_.text(name->value, "name");
    if (text && !is_config_name(*text, ".:[]@+"))
      reader_.reject(name->value, "name",
                     {"is not a name for a server", "letters, digits and . _ - : @ +"});
    is_whole = is_whole && text;
    if (text) server.name = *text;
  }
  if (is_whole) add(name ? name->value : map.find("address")->value, std::move(server), pool);
}

std::optional<ServerConfig> PoolReader::read_address(const ConfigNode& node) {
  const std::optional<std::string> text = reader_.text(node, "address");
  if (!text) return std::nullopt;
  const ValueResult<SocketAddress> address = parse_server_address(*text, reader_.surroundings());
  if (!address) {
    reader_.reject(node, "address", address.error());
    return std::nullopt;
  }
  return ServerConfig{*text, *text, *address, 1};
}

void PoolReader::add(const ConfigNode& at, ServerConfig server, PoolConfig& pool) {
  const Seen seen{pool.name, server.name, at.at.line + 1};
  const auto [same_name, is_new_name] = by_name_.emplace(server.name, seen);
  const auto [same_address, is_new_address] = by_address_.emplace(server.address.to_string(), seen);
  if (!is_new_name) {
    reader_.findings().error(
        at.at,
        fmt::format("server {} is in this service twice: in pool \"{}\" on line {}, and here",
                    shown(at), same_name->second.pool, same_name->second.line),
        "names are unique in a service; a server belongs to one pool");
  } else if (!is_new_address) {
    reader_.findings().warn(
        at.at, fmt::format("{} has the address of server \"{}\" in pool \"{}\" on line {}",
                           shown(at), same_address->second.server, same_address->second.pool,
                           same_address->second.line));
  }
  pool.servers.push_back(std::move(server));
}

}  // namespace tealgate
