#include "control/dashboard_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace tealgate {

namespace {

constexpr std::string_view kLabel = "control.dashboard";
constexpr std::size_t kLongestName = 64;

bool is_name(std::string_view text) {
  return text.size() <= kLongestName &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

DashboardConfig DashboardReader::read(const ConfigNode& node) {
  if (node.is_map()) {
    read_map(node);
  } else {
    read_address(node, kLabel);
  }
  warn_of_nobody(node);
  return dashboard_;
}

void DashboardReader::read_map(const ConfigNode& map) {
  if (!reader_.is_map(map, kLabel)) return;
  const std::vector<std::string> meant = reader_.check_keys(map, OptionContext::Dashboard, "");
  if (!map.find("address") && !map.is_incomplete &&
      std::ranges::find(meant, "address") == meant.end())
    reader_.findings().error(map.at, "control.dashboard has no \"address\"", "add address: :9180");
  for (const ConfigEntry& entry : map.entries) {
    if (entry.is_bad_key || entry.is_repeated) continue;
    if (entry.key == "address") read_address(entry.value, "address");
    if (entry.key == "hosts") read_hosts(entry.value);
    if (entry.key == "tokens") read_tokens(entry.value);
    if (entry.key == "public") dashboard_.is_public = reader_.flag(entry.value, "public");
  }
}

void DashboardReader::read_address(const ConfigNode& node, std::string_view label) {
  const std::optional<std::string> text = reader_.text(node, label);
  if (!text) return;
  if (*text == "off" || *text == "none")
    return reader_.reject(node, label, {"is not an address", "leave it out for none"});
  const bool has_no_host = text->starts_with(':');
  const ValueResult<SocketAddress> address =
      parse_listen_address(has_no_host ? "127.0.0.1" + *text : *text);
  if (!address) return reader_.reject(node, label, address.error());
  dashboard_.written = *text;
  dashboard_.address = *address;
  address_ = &node;
}

void DashboardReader::read_hosts(const ConfigNode& node) {
  for (const ConfigNode* item : reader_.scalars(node, "hosts")) {
    ValueResult<std::string> host = parse_host_pattern(item->text);
    if (host && host->starts_with('*'))
      host = tl::make_unexpected(ValueError{"is a pattern", "name each host"});
    if (!host) {
      reader_.reject(*item, "hosts", host.error());
    } else {
      dashboard_.hosts.push_back(*host);
    }
  }
}

void DashboardReader::read_tokens(const ConfigNode& node) {
  if (!node.is_list()) {
    return reader_.findings().error(node.at, "tokens is not a list",
                                    "tokens: [{name: ci, role: deployer, sha256: …}]");
  }
  for (const ConfigNode& item : node.items) read_token(item);
}

void DashboardReader::read_token(const ConfigNode& map) {
  if (!reader_.is_map(map, "tokens")) return;
  const std::vector<std::string> meant = reader_.check_keys(map, OptionContext::Token, "");
  for (const char* key : {"name", "sha256"}) {
    if (map.find(key) || map.is_incomplete || std::ranges::find(meant, key) != meant.end())
      continue;
    reader_.findings().error(
        map.at, fmt::format("this token has no \"{}\"", key),
        key == std::string_view("name") ? "add name: ci" : "printf %s TOKEN | sha256sum");
  }
  DashboardToken token;
  bool has_name = false, has_hash = false;
  for (const ConfigEntry& entry : map.entries) {
    if (entry.is_bad_key || entry.is_repeated) continue;
    if (entry.key == "name") has_name = read_name(entry.value, token);
    if (entry.key == "sha256") has_hash = read_hash(entry.value, token);
    if (entry.key == "role") token.role = access_.role(entry.value).value_or(token.role);
    if (entry.key == "services") token.services = access_.services(entry.value);
  }
  if (has_name && has_hash) dashboard_.tokens.push_back(std::move(token));
}

bool DashboardReader::read_name(const ConfigNode& node, DashboardToken& token) {
  const std::optional<std::string> name = reader_.text(node, "name");
  if (!name) return false;
  token.name = *name;
  const auto same = std::ranges::find(dashboard_.tokens, *name, &DashboardToken::name);
  if (!is_name(*name)) {
    reader_.reject(node, "name", {"is no name: at most 64 visible ASCII characters", ""});
  } else if (same != dashboard_.tokens.end()) {
    reader_.reject(node, "name", {"is another token's name", "the history could not tell them"});
  } else {
    return true;
  }
  return false;
}

bool DashboardReader::read_hash(const ConfigNode& node, DashboardToken& token) {
  const std::optional<Sha256> hash =
      node.is_scalar() ? parse_sha256(node.text) : std::optional<Sha256>();
  const auto same = hash ? std::ranges::find(dashboard_.tokens, *hash, &DashboardToken::sha256)
                         : dashboard_.tokens.end();
  if (!hash) {
    reader_.findings().error(node.at, "sha256 is not 64 hex digits", "printf %s TOKEN | sha256sum");
  } else if (same != dashboard_.tokens.end()) {
    reader_.findings().error(node.at, fmt::format("this is the token of {}, too", same->name),
                             "give each its own");
  } else {
    token.sha256 = *hash;
    return true;
  }
  return false;
}

void DashboardReader::warn_of_nobody(const ConfigNode& node) {
  if (dashboard_.written.empty() || !dashboard_.tokens.empty()) return;
  if (dashboard_.is_public.value_or(is_loopback(dashboard_.address))) return;
  reader_.findings().warn(node.at,
                          "nobody can read control.dashboard: reading takes a token there, and "
                          "there are none",
                          "add tokens, or public: true");
}

void DashboardReader::check(const ListenerReader& listeners) {
  if (!address_ || dashboard_.address.port() == 0) return;
  const int same = listeners.line_of(dashboard_.address);
  if (same == 0) return;
  reader_.reject(*address_, kLabel,
                 {fmt::format("is the address of the listener on line {}", same),
                  "give the dashboard its own port"});
}

bool is_loopback(const SocketAddress& address) {
  const std::string host = address.host();
  return host.starts_with("127.") || host == "::1";
}

}  // namespace tealgate
