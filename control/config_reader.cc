#include "control/config_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <variant>

#include "control/access_reader.h"
#include "control/dashboard_reader.h"
#include "control/listener_reader.h"
#include "control/logs_reader.h"
#include "control/node_reader.h"
#include "control/service_reader.h"
#include "control/socket_reader.h"

namespace tealgate {
namespace {

class ConfigReader {
 public:
  ConfigReader(const ConfigSurroundings& surroundings, Findings& findings)
      : reader_(surroundings, findings),
        services_(reader_),
        listeners_(reader_),
        access_(reader_),
        sockets_(reader_, access_),
        dashboard_(reader_, access_) {}

  Config read(const ConfigNode& root) {
    const std::vector<std::string> meant = reader_.check_keys(root, OptionContext::File, "");
    for (std::string_view key : {"listen", "services"})
      if (!root.find(key)) demand(root, key, meant);
    if (const ConfigEntry* defaults = root.find("defaults"))
      config_.defaults = services_.defaults(defaults->value);
    for (const ConfigEntry& entry : root.entries) read_key(entry);
    if (const ConfigEntry* services = root.find("services"); services && !root.is_incomplete)
      access_.check_services(services->value);
    dashboard_.check(listeners_);
    check_proxy_protocol(root);
    return std::move(config_);
  }

 private:
  void demand(const ConfigNode& root, std::string_view key, const std::vector<std::string>& meant) {
    if (root.is_incomplete || std::ranges::find(meant, key) != meant.end()) return;
    reader_.findings().error(
        root.at, fmt::format("\"{}\" is missing", key),
        key == "listen" ? "add listen: \":80\"" : "add services: with one below it");
  }

  void read_key(const ConfigEntry& entry) {
    if (entry.key == "version") return read_version(entry.value);
    if (entry.key == "listen") config_.listeners = listeners_.read(entry.value);
    if (entry.key == "workers") return read_workers(entry.value);
    if (entry.key == "trusted_proxies") return read_trusted_proxies(entry.value);
    if (entry.key == "limits") return read_limits(entry.value);
    if (entry.key == "shutdown_grace" || entry.key == "ticket_rotation") return read_plain(entry);
    if (entry.key == "logs") config_.logs = read_log_config(reader_, entry.value);
    if (entry.key == "control") return read_control(entry.value);
    if (entry.key != "services") return;
    std::vector<ServiceConfig> services = services_.services(entry.value);
    if (!entry.is_repeated) config_.services = std::move(services);
  }

  void read_version(const ConfigNode& node) {
    const std::optional<std::string> version = reader_.text(node, "version");
    if (version && *version != "1")
      reader_.reject(node, "version", {"is not known to this tealgate", "the one version is 1"});
  }

  // It would close every connection.
  void check_proxy_protocol(const ConfigNode& root) {
    const auto& first = listeners_.proxy_protocol();
    if (!first || root.is_incomplete || root.find("trusted_proxies")) return;
    reader_.findings().error(*first,
                             "proxy_protocol needs trusted_proxies: nobody else is believed",
                             "add the addresses of the proxies in front to trusted_proxies");
  }

  void read_limits(const ConfigNode& map) {
    if (!reader_.is_map(map, "limits")) return;
    reader_.check_keys(map, OptionContext::File, "limits.");
    for (const ConfigEntry& entry : map.entries) {
      const Option* option = find_option(OptionContext::File, "limits." + entry.key);
      if (!option || reader_.store(entry.value, *option, config_)) continue;
      const bool is_auto = entry.value.is_scalar() && entry.value.text == "auto";
      config_.limits.connections = is_auto ? 0 : reader_.number(entry.value, *option).value_or(0);
    }
  }

  void read_workers(const ConfigNode& node) {
    if (node.is_scalar() && node.text == "auto") return;
    const Option& option = *find_option(OptionContext::File, "workers");
    config_.workers = reader_.number(node, option).value_or(0);
  }

  void read_trusted_proxies(const ConfigNode& node) {
    for (const ConfigNode* item : reader_.scalars(node, "trusted_proxies")) {
      const Result<AddressBlock> block = AddressBlock::parse(item->text);
      if (block) {
        config_.trusted_proxies.push_back(*block);
      } else {
        reader_.reject(*item, "trusted_proxies",
                       {"is not an IP address or a block such as 10.0.0.0/8", ""});
      }
    }
  }

  void read_plain(const ConfigEntry& entry) {
    reader_.store(entry.value, *find_option(OptionContext::File, entry.key), config_);
  }

  void read_control(const ConfigNode& map) {
    if (!reader_.is_map(map, "control")) return;
    reader_.check_keys(map, OptionContext::File, "control.");
    for (const ConfigEntry& entry : map.entries) {
      if (entry.key == "socket") config_.control.sockets = sockets_.read(entry.value);
      if (entry.key == "state") read_state(entry.value);
      if (entry.key == "dashboard") config_.control.dashboard = dashboard_.read(entry.value);
    }
  }

  void read_state(const ConfigNode& node) {
    if (const auto path = absolute_path(node, "control.state")) config_.control.state = *path;
  }

  std::optional<std::string> absolute_path(const ConfigNode& node, std::string_view label) {
    std::optional<std::string> path = reader_.text(node, label);
    if (!path || path->starts_with('/')) return path;
    reader_.reject(node, label, {"is not an absolute path", "begin it with /"});
    return std::nullopt;
  }

  NodeReader reader_;
  ServiceReader services_;
  ListenerReader listeners_;
  AccessReader access_;
  SocketReader sockets_;
  DashboardReader dashboard_;
  Config config_;
};

}  // namespace

Config read_config(const ConfigNode& root, const ConfigSurroundings& surroundings,
                   Findings& findings) {
  return ConfigReader(surroundings, findings).read(root);
}

}  // namespace tealgate
