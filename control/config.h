// The configuration as plain values: what config_file.cc makes of the YAML file. No decisions live
// here.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/tls_client_context.h"
#include "base/tls_digest.h"
#include "control/access.h"
#include "control/loki_settings.h"
#include "upstream/access_log_format.h"
#include "upstream/data_plane.h"
#include "upstream/service_settings.h"
#include "upstream/split.h"

namespace tealgate {

struct ServerConfig {
  std::string name;  // default: the address as written
  std::string address_text;
  SocketAddress address;
  unsigned weight = 1;
};

struct PoolConfig {
  std::string name;
  std::vector<ServerConfig> servers;
  std::shared_ptr<const TlsClientSettings> tls = nullptr;  // null: plain
};

struct ServiceConfig {
  std::string name;
  std::vector<std::string> hosts;
  std::vector<std::string> paths;
  std::vector<PoolConfig> pools;
  Split initial;
  ServiceSettings settings;
  bool has_health = false;  // `health` was given; without it `check` warns

  std::vector<std::string> pool_names() const;
};

struct LogConfig {
  std::string access;  // a path, "stdout", "off"; empty: the default of docs/configuration.md
  AccessLogFormat format = AccessLogFormat::Json;
  std::optional<LokiSettings> loki = {};
};

// A Unix socket on which commands are taken.
struct ControlSocketConfig {
  std::string path;
  std::string group;         // as written; empty: as the system makes the file
  std::optional<gid_t> gid;  // of the group
  Role role = Role::Admin;
  std::optional<std::vector<std::string>> services;  // absent: all
};

// Who shows a token with this hash is called `name` and has the role.
struct DashboardToken {
  std::string name;
  Role role = Role::Viewer;
  Sha256 sha256{};
  std::optional<std::vector<std::string>> services;  // absent: all
};

// Where the page and the control API are served over TCP.
struct DashboardConfig {
  std::string written;  // the address as written; empty: there is none
  SocketAddress address;
  std::vector<std::string> hosts;  // names that it answers to, besides IP addresses and its own
  std::vector<DashboardToken> tokens;
  std::optional<bool> is_public;  // whoever reaches it may read; none: on loopback
};

struct ControlConfig {
  std::vector<ControlSocketConfig> sockets;  // none: one, found at start, docs/configuration.md
  DashboardConfig dashboard;
  std::string state;  // a folder; empty: found at start
};

struct Config {
  std::string path;
  std::vector<ListenerSettings> listeners;
  unsigned workers = 0;  // 0: one a core
  std::vector<ServiceConfig> services;
  ServiceSettings defaults;  // `defaults`, for what belongs to no service
  std::vector<AddressBlock> trusted_proxies;
  ClientLimits limits;
  LogConfig logs;
  ControlConfig control;
  Duration shutdown_grace = 30s;
  Duration ticket_rotation = 12h;

  const ServiceConfig* find_service(std::string_view name) const;
};

// The keys that differ and that a reload can't change: `workers`, `logs.access`,
// `logs.format`, `control.dashboard`, `control.state`.
std::vector<std::string> keys_needing_restart(const Config& running, const Config& wanted);

}  // namespace tealgate
