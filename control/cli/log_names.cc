#include "control/cli/log_names.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/suggest.h"
#include "control/cli/json_fields.h"
#include "control/cli/printable.h"
#include "control/cli/requests.h"
#include "control/cli/results.h"

namespace tealgate::cli {
namespace {

using json = nlohmann::ordered_json;
using Names = std::vector<std::string>;

constexpr int kUsage = 2;

// The part of the configuration that the names before have left.
struct Place {
  std::string service;  // empty: any
  std::string pool;
};

Names services_in(const json& services) {
  Names names;
  for (const auto& [name, service] : services.items()) names.push_back(name);
  return names;
}

Names pools_in(const json& services, const Place& place) {
  Names names;
  for (const auto& [name, service] : services.items()) {
    if (!place.service.empty() && name != place.service) continue;
    for (const json& pool : member(service, "pools")) names.push_back(text_of(pool, "name"));
  }
  return names;
}

Names servers_in(const json& services, const Place& place) {
  Names names;
  for (const auto& [name, service] : services.items()) {
    if (!place.service.empty() && name != place.service) continue;
    for (const json& pool : member(service, "pools")) {
      if (!place.pool.empty() && text_of(pool, "name") != place.pool) continue;
      for (const json& server : member(pool, "servers")) names.push_back(text_of(server, "name"));
    }
  }
  return names;
}

// A name of `kind`, where only `known` are; none if it is empty or one of them.
std::optional<json> unless_known(const char* kind, const std::string& name, const Names& known) {
  if (name.empty() || std::ranges::find(known, name) != known.end()) return std::nullopt;
  const std::string meant = suggest(name, known);
  const std::string text =
      fmt::format("there is no {} \"{}\"{}", kind, printable(name),
                  meant.empty() ? "" : fmt::format("; did you mean {}?", printable(meant)));
  return own_error("unknown", kUsage, text, "tealgate status");
}

// Several names of `kind` for the same lines, of which those that are given must agree.
std::optional<json> unless_alike(const char* kind, const Names& names) {
  std::string first;
  for (const std::string& name : names) {
    if (first.empty()) first = name;
    if (name.empty() || name == first) continue;
    return own_error("usage", kUsage,
                     fmt::format("no line has both \"{}\" and \"{}\" as its {}", printable(first),
                                 printable(name), kind),
                     "tealgate logs --help");
  }
  return std::nullopt;
}

}  // namespace

std::optional<json> unknown_name(const Arguments& arguments, const json& services) {
  const Target pool = parse_pool_word(arguments.text("pool"));
  const Target server = parse_server_word(arguments.text("server"));
  const Names asked_services = {arguments.service, pool.service, server.service};
  const Names asked_pools = {pool.pool, server.pool};
  Place place;
  for (const std::string& name : asked_services) {
    if (auto error = unless_known("service", name, services_in(services))) return error;
    if (!name.empty()) place.service = name;
  }
  if (auto error = unless_alike("service", asked_services)) return error;
  for (const std::string& name : asked_pools) {
    if (auto error = unless_known("pool", name, pools_in(services, place))) return error;
    if (!name.empty()) place.pool = name;
  }
  if (auto error = unless_alike("pool", asked_pools)) return error;
  return unless_known("server", server.server, servers_in(services, place));
}

}  // namespace tealgate::cli
