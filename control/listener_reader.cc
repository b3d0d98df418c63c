#include "control/listener_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "control/scalar_values.h"
#include "control/tls_reader.h"

namespace tealgate {

std::vector<ListenerSettings> ListenerReader::read(const ConfigNode& node) {
  if (node.is_list() && node.items.empty() && !node.is_incomplete) {
    reader_.findings().error(node.at, "listen is an empty list");
  } else if (!node.is_list()) {
    read_one(node);
  } else {
    for (const ConfigNode& item : node.items) read_one(item);
  }
  return std::move(listeners_);
}

int ListenerReader::line_of(const SocketAddress& address) const {
  const auto found = lines_.find(address.to_string());
  return found == lines_.end() ? 0 : found->second;
}

void ListenerReader::read_one(const ConfigNode& node) {
  if (!node.is_map()) {
    add(node, "listen");
  } else if (reader_.is_map(node, "listen")) {
    read_map(node);
  }
}

void ListenerReader::read_map(const ConfigNode& map) {
  const std::vector<std::string> meant = reader_.check_keys(map, OptionContext::Listener, "");
  const ConfigEntry* const address = map.find("address");
  if (!address) {
    if (!map.is_incomplete && std::ranges::find(meant, "address") == meant.end())
      reader_.findings().error(map.at, "this listener has no \"address\"", "add address: \":80\"");
    return;
  }
  // The rest is read all the same, for what is wrong with it.
  const bool is_added = add(address->value, "address");
  if (!is_added) listeners_.emplace_back();
  for (const ConfigEntry& entry : map.entries) {
    if (entry.is_bad_key || entry.is_repeated) continue;
    if (entry.key == "proxy_protocol") read_proxy_protocol(entry);
    if (entry.key == "tls") listeners_.back().tls = read_tls(reader_, entry.value);
    if (entry.key == "redirect") read_redirect(entry.value);
    if (entry.key == "hsts") read_hsts(entry, map);
  }
  if (map.find("redirect") && map.find("tls"))
    reader_.findings().error(map.find("redirect")->at,
                             "redirect leads to https, which this listener with tls speaks already",
                             "leave redirect out here; give it to the listener of plain HTTP");
  if (!is_added) listeners_.pop_back();
}

bool ListenerReader::add(const ConfigNode& node, std::string_view label) {
  const std::optional<std::string> text = reader_.text(node, label);
  if (!text) return false;
  const ValueResult<SocketAddress> address = parse_listen_address(*text);
  if (!address) {
    reader_.reject(node, label, address.error());
    return false;
  }
  const auto [first, is_new] = lines_.emplace(address->to_string(), node.at.line + 1);
  if (!is_new && address->port() != 0) {
    reader_.reject(node, label,
                   {fmt::format("is the same address as the one on line {}", first->second),
                    "listen on each address once"});
    return false;
  }
  ListenerSettings& added = listeners_.emplace_back();
  added.address = *address;
  added.text = *text;
  return true;
}

void ListenerReader::read_proxy_protocol(const ConfigEntry& entry) {
  const bool is_on = reader_.flag(entry.value, "proxy_protocol").value_or(false);
  listeners_.back().proxy_protocol = is_on;
  if (is_on && !proxy_protocol_) proxy_protocol_ = entry.at;
}

void ListenerReader::read_redirect(const ConfigNode& node) {
  const std::optional<std::string> text = reader_.text(node, "redirect");
  if (!text) return;
  if (*text == "https") {
    listeners_.back().https_port = 443;
    return;
  }
  constexpr std::string_view kBegin = "https:";
  const unsigned port =
      text->starts_with(kBegin)
          ? parse_number(std::string_view(*text).substr(kBegin.size())).value_or(0)
          : 0;
  if (port == 0 || port > 65535)
    return reader_.reject(node, "redirect",
                          {"is not where https is", "write https, or https:8443 for a port"});
  listeners_.back().https_port = static_cast<std::uint16_t>(port);
}

void ListenerReader::read_hsts(const ConfigEntry& entry, const ConfigNode& map) {
  const auto age = reader_.duration(entry.value, *find_option(OptionContext::Listener, "hsts"));
  if (!age) return;
  listeners_.back().hsts = *age;
  if (map.find("tls") || *age == Duration::zero()) return;
  reader_.findings().error(entry.at, "hsts on a listener without tls, where browsers ignore it",
                           "give it to the listener with tls");
}

}  // namespace tealgate
