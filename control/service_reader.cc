#include "control/service_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "control/pool_reader.h"

namespace tealgate {

const ServiceSettings& ServiceReader::defaults(const ConfigNode& map) {
  if (!reader_.is_map(map, "defaults")) return defaults_.values;
  reader_.check_keys(map, OptionContext::Defaults, "");
  defaults_ = read_settings(reader_, map, OptionContext::Defaults, std::move(defaults_));
  return defaults_.values;
}

std::vector<ServiceConfig> ServiceReader::services(const ConfigNode& map) {
  std::vector<ServiceConfig> services;
  if (!reader_.is_map(map, "services")) return services;
  for (const ConfigEntry& entry : map.entries) {
    if (entry.is_bad_key) continue;
    if (!is_config_name(entry.key, ".") || entry.key.starts_with('.'))
      reader_.findings().error(entry.at,
                               fmt::format("\"{}\" is not a name for a service", entry.key),
                               "at most 64 letters, digits, _, - and .");
    if (!reader_.is_map(entry.value, fmt::format("service \"{}\"", entry.key))) continue;
    ServiceConfig read = service(entry);
    if (!entry.is_repeated) services.push_back(std::move(read));
  }
  return services;
}

ServiceConfig ServiceReader::service(const ConfigEntry& entry) {
  const ConfigNode& map = entry.value;
  ServiceConfig service;
  service.name = entry.key;
  const std::vector<std::string> meant = reader_.check_keys(map, OptionContext::Service, "");
  const Patterns hosts = patterns(map.find("hosts"), "hosts", parse_host_pattern);
  const Patterns paths = patterns(map.find("paths"), "paths", parse_path_prefix);
  const bool is_any_path = std::ranges::find(paths.values, "") != paths.values.end();
  service.hosts = hosts.values;
  if (!is_any_path) service.paths = paths.values;
  read_pools(map, meant, service);
  read_initial(map, service);
  read_settings_of(entry, service);
  const bool is_known = hosts.is_whole && paths.is_whole && !map.is_incomplete && meant.empty();
  if (is_known && !entry.is_repeated) check_conflicts(entry, hosts, paths);
  return service;
}

ServiceReader::Patterns ServiceReader::patterns(
    const ConfigEntry* entry, std::string_view label,
    ValueResult<std::string> (*parse)(std::string_view)) {
  Patterns read;
  if (!entry) return read;
  const std::vector<const ConfigNode*> nodes = reader_.scalars(entry->value, label);
  read.is_whole =
      !nodes.empty() && (!entry->value.is_list() || nodes.size() == entry->value.items.size());
  std::set<std::string> seen;
  for (const ConfigNode* node : nodes) {
    ValueResult<std::string> value = parse(node->text);
    if (!value) {
      reader_.reject(*node, label, value.error());
      read.is_whole = false;
    } else if (!seen.insert(*value).second) {
      reader_.reject(*node, label, {"is in the list twice", ""});
    } else {
      read.values.push_back(*std::move(value));
      read.places.push_back(node->at);
    }
  }
  return read;
}

void ServiceReader::read_pools(const ConfigNode& map, const std::vector<std::string>& meant,
                               ServiceConfig& service) {
  if (const ConfigEntry* pools = map.find("pools")) {
    service.pools = PoolReader(reader_).read(pools->value);
    return;
  }
  const bool is_meant = std::ranges::find(meant, "pools") != meant.end();
  if (!is_meant && !map.is_incomplete)
    reader_.findings().error(map.at, fmt::format("service \"{}\" has no \"pools\"", service.name),
                             "add pools: with blue: and green: below it");
}

void ServiceReader::read_initial(const ConfigNode& map, ServiceConfig& service) {
  const ConfigEntry* initial = map.find("initial");
  std::vector<std::string> words;
  if (initial) {
    for (const ConfigNode* node : reader_.scalars(initial->value, "initial")) {
      std::istringstream text(node->text);
      for (std::string word; text >> word;) words.push_back(word);
    }
    if (words.empty()) return;
  } else if (!service.pools.empty()) {
    words.push_back(service.pools.front().name);
  }
  const ConfigEntry* pools = map.find("pools");
  const bool is_known = pools && !pools->value.is_incomplete && !service.pools.empty() &&
                        service.pools.size() == pools->value.entries.size();
  if (!is_known) return;
  const Result<Split> split = parse_split(words, service.pool_names());
  if (split) {
    service.initial = *split;
  } else if (initial) {
    const ConfigNode& node = initial->value;
    const std::vector<const ConfigNode*> parts = reader_.scalars(node, "initial");
    const bool is_secret =
        std::ranges::any_of(parts, [](const ConfigNode* part) { return part->raw != part->text; });
    reader_.findings().error(
        node.at, fmt::format("initial: {}", is_secret ? "the substituted value is not a split"
                                                      : split.error().message));
  }
}

void ServiceReader::read_settings_of(const ConfigEntry& entry, ServiceConfig& service) {
  const SettingsRead read = read_settings(reader_, entry.value, OptionContext::Service, defaults_);
  service.settings = read.values;
  service.has_health = read.has_health;
  HealthSettings& health = service.settings.health;
  const auto plain = std::ranges::find_if(
      service.hosts, [](const std::string& host) { return !host.starts_with('*'); });
  if (health.host.empty() && plain != service.hosts.end()) health.host = *plain;
  if (health.kind == HealthSettings::Kind::Tcp && !entry.value.is_incomplete)
    reader_.findings().warn(
        entry.at,
        fmt::format("service \"{}\" has no {}: gate: TCP connect only", entry.key,
                    service.has_health ? "path in its \"health\"" : "\"health\""),
        "give the path of its health check: health: /health");
}

void ServiceReader::check_conflicts(const ConfigEntry& entry, const Patterns& hosts,
                                    const Patterns& paths) {
  const std::vector<std::string> any = {""};
  const std::vector<std::string>& names = hosts.values.empty() ? any : hosts.values;
  std::set<std::string> told;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const std::string& path : paths.values.empty() ? any : paths.values) {
      const TextPosition at = hosts.places.empty() ? entry.at : hosts.places[i];
      const auto [first, is_new] =
          claims_.emplace(std::pair(names[i], path), std::pair(entry.key, at.line + 1));
      if (is_new || first->second.first == entry.key || !told.insert(first->second.first).second)
        continue;
      reader_.findings().error(
          at,
          fmt::format("services \"{}\" (line {}) and \"{}\" both ask for {}{}", first->second.first,
                      first->second.second, entry.key, names[i].empty() ? "any host" : names[i],
                      path.empty() ? "" : ", path " + path),
          "give each its own hosts or paths");
    }
  }
}

}  // namespace tealgate
