#include "control/socket_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace tealgate {
namespace {

// Without what the system ignores: "//" and "/./". The end says whether a folder is meant.
std::string normalised(const std::string& path) {
  std::string text = std::filesystem::path(path).lexically_normal().string();
  while (text.starts_with("//")) text.erase(0, 1);
  return text;
}

}  // namespace

std::vector<ControlSocketConfig> SocketReader::read(const ConfigNode& node) {
  if (node.is_list() && node.items.empty() && !node.is_incomplete) {
    reader_.findings().error(node.at, "control.socket is an empty list",
                             "leave it out for the usual one");
  } else if (node.is_list()) {
    for (const ConfigNode& item : node.items) read_map(item);
  } else {
    read_map(node);
  }
  warn_without_admin(node);
  return std::move(sockets_);
}

void SocketReader::read_map(const ConfigNode& map) {
  ControlSocketConfig socket;
  if (!map.is_map()) {
    if (read_path(map, "control.socket", socket)) sockets_.push_back(std::move(socket));
    return;
  }
  if (!reader_.is_map(map, "control.socket")) return;
  const std::vector<std::string> meant = reader_.check_keys(map, OptionContext::Socket, "");
  const ConfigEntry* const path = map.find("path");
  if (!path && !map.is_incomplete && std::ranges::find(meant, "path") == meant.end())
    reader_.findings().error(map.at, "this socket has no \"path\"",
                             "add path: /run/tealgate/control.sock");
  bool is_whole = path && read_path(path->value, "path", socket);
  for (const ConfigEntry& entry : map.entries) {
    if (entry.is_bad_key || entry.is_repeated) continue;
    if (entry.key == "role") socket.role = access_.role(entry.value).value_or(socket.role);
    if (entry.key == "services") socket.services = access_.services(entry.value);
    if (entry.key != "group") continue;
    const std::optional<std::string> name = reader_.text(entry.value, "group");
    const Result<gid_t> group = name ? reader_.surroundings().group(*name) : Result<gid_t>(0);
    if (!group) reader_.reject(entry.value, "group", {group.error().message, "add it: groupadd"});
    if (!name || !group) continue;
    socket.group = *name;
    socket.gid = *group;
  }
  if (is_whole) sockets_.push_back(std::move(socket));
}

bool SocketReader::read_path(const ConfigNode& node, std::string_view label,
                             ControlSocketConfig& socket) {
  constexpr std::size_t kLongest = 107;
  const std::optional<std::string> text = reader_.text(node, label);
  if (!text) return false;
  if (!text->starts_with('/')) {
    reader_.reject(node, label, {"is not an absolute path", "begin it with /"});
    return false;
  }
  // The kernel's ".." is not always that of the text: behind a link it is another folder.
  if ((*text + "/").find("/../") != std::string::npos) {
    reader_.reject(node, label, {"has .. in it", "write where it leads to"});
    return false;
  }
  const std::string path = normalised(*text);
  if (path.ends_with('/')) {
    reader_.reject(node, label, {"is a folder", "add the name of the socket"});
    return false;
  }
  if (path.size() > kLongest) {
    reader_.reject(node, label, {"is too long for a Unix socket: at most 107 bytes", ""});
    return false;
  }
  const auto same = std::ranges::find(sockets_, path, &ControlSocketConfig::path);
  if (same != sockets_.end()) {
    const int line = lines_[static_cast<std::size_t>(same - sockets_.begin())];
    reader_.reject(
        node, label,
        {fmt::format("is the socket on line {} already", line), "give each socket its own path"});
    return false;
  }
  lines_.push_back(node.at.line + 1);
  socket.path = path;
  return true;
}

void SocketReader::warn_without_admin(const ConfigNode& node) {
  const auto is_for_all = [](const ControlSocketConfig& socket) {
    return socket.role == Role::Admin && !socket.services;
  };
  if (sockets_.empty() || std::ranges::any_of(sockets_, is_for_all)) return;
  reader_.findings().warn(node.at, "no socket gives the role admin for all services",
                          "without one, reload and upgrade are left to SIGHUP and SIGUSR2");
}

}  // namespace tealgate
