#include "control/cli/ssh_command.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "control/access.h"
#include "control/cli/split_words.h"
#include "control/pool_reader.h"

namespace tealgate::cli {
namespace {

constexpr int kUsage = 2;
constexpr int kForbidden = 8;

struct AllowedRow {
  std::string_view command;
  Role role;  // that the daemon wants for it
};
constexpr std::array<AllowedRow, 14> kAllowed = {{{"status", Role::Viewer},
                                                  {"history", Role::Viewer},
                                                  {"events", Role::Viewer},
                                                  {"top", Role::Viewer},
                                                  {"version", Role::Viewer},
                                                  {"wait", Role::Deployer},
                                                  {"switch", Role::Deployer},
                                                  {"rollback", Role::Deployer},
                                                  {"lock", Role::Deployer},
                                                  {"unlock", Role::Deployer},
                                                  {"drain", Role::Admin},
                                                  {"ready", Role::Admin},
                                                  {"maint", Role::Admin},
                                                  {"reload", Role::Admin}}};

// What the forced command gives the key.
struct Key {
  Role role = Role::Viewer;
  std::vector<std::string> services;  // none: all

  std::string commands() const {
    std::vector<std::string_view> names;
    for (const AllowedRow& row : kAllowed)
      if (row.role <= role) names.push_back(row.command);
    return fmt::to_string(fmt::join(names, ", "));
  }
  std::string fields() const {
    std::string lines = fmt::format("{}: {}\r\n", kRoleField, to_string(role));
    if (!services.empty())
      lines += fmt::format("{}: {}\r\n", kServicesField, fmt::join(services, ","));
    return lines;
  }
};

tl::unexpected<Stop> stop(int exit, std::string text, std::string hint = {}) {
  return tl::make_unexpected(
      Stop{exit, "tealgate ssh: " + std::move(text), std::move(hint), false});
}

tl::expected<Key, Stop> read_key(const Arguments& own) {
  constexpr const char* kExample = "tealgate ssh --role deployer -s shop";
  if (!own.has("role"))
    return stop(kUsage, "--role is missing: viewer, deployer or admin", kExample);
  const std::optional<Role> role = parse_role(own.text("role"));
  if (!role) {
    CommandError unknown = unknown_role(own.text("role"));
    return stop(kUsage, unknown.message, unknown.hint);
  }
  Key key{*role, {}};
  std::string_view left = own.service;
  while (!left.empty()) {
    const std::string_view name = left.substr(0, left.find(','));
    if (!is_config_name(name, ".")) {
      return stop(kUsage, fmt::format("-s \"{}\" names no services", own.service), kExample);
    }
    key.services.emplace_back(name);
    left.remove_prefix(name.size());
    if (left == ",") return stop(kUsage, "a service is missing behind the comma of -s", kExample);
    if (!left.empty()) left.remove_prefix(1);
  }
  return key;
}

// Why the parsed line is none for a key, if so.
std::optional<Stop> obstacle(const Arguments& asked, const Key& key) {
  const auto refused = [&](const std::string& why) {
    return Stop{kForbidden, fmt::format("tealgate ssh: {}; it may: {}", why, key.commands()), "",
                asked.json};
  };
  const bool is_allowed =
      std::ranges::find(kAllowed, asked.command, &AllowedRow::command) != kAllowed.end();
  if (!is_allowed) return refused("this key may not " + asked.command);
  if (!asked.child.empty()) return refused("this key may not run commands under a lock");
  if (!asked.socket.empty()) return refused("this key may not choose the socket");
  return std::nullopt;
}

// The forced command's word counts; without one, at least how he came in is told.
std::string by(const Arguments& own, const Arguments& asked, const std::string& account) {
  if (own.has("by")) return own.text("by");
  const std::string way = "ssh " + account;
  return asked.has("by") ? fmt::format("{} ({})", asked.text("by"), way) : way;
}

}  // namespace

tl::expected<KeyCommand, Stop> command_for_key(const Arguments& own, const std::string& asked,
                                               const std::string& account) {
  const tl::expected<Key, Stop> key = read_key(own);
  if (!key) return tl::make_unexpected(key.error());
  Result<std::vector<std::string>> words = split_words(asked);
  if (!words) return stop(kUsage, words.error().message);
  if (!words->empty() && words->front() == "tealgate") words->erase(words->begin());
  if (words->empty()) {
    return stop(kUsage,
                fmt::format("this key opens no shell; it may: {} (role {}, {})", key->commands(),
                            to_string(key->role),
                            key->services.empty() ? "all services"
                                                  : fmt::to_string(fmt::join(key->services, ", "))),
                "ssh HOST tealgate status");
  }
  tl::expected<Arguments, Stop> parsed = parse_arguments(*words);
  if (!parsed) return tl::make_unexpected(parsed.error());
  if (std::optional<Stop> why = obstacle(*parsed, *key)) return tl::make_unexpected(*why);
  parsed->flags["by"] = by(own, *parsed, account);
  parsed->socket = own.socket;
  parsed->json |= own.json;
  parsed->quiet |= own.quiet;
  return KeyCommand{std::move(*parsed), key->fields()};
}

}  // namespace tealgate::cli
