#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/suggest.h"
#include "control/cli/commands.h"
#include "control/cli/render_certificates.h"
#include "control/cli/render_status.h"
#include "control/cli/results.h"

namespace tealgate::cli {
namespace {

using json = nlohmann::ordered_json;

constexpr int kExitDegraded = 10;
constexpr int kExitDown = 11;

int exit_of_state(const json& services) {
  int exit = 0;
  for (const json& service : services) {
    std::string state = service.value("state", "");
    if (state == "down") return kExitDown;
    if (state == "degraded") exit = kExitDegraded;
  }
  return exit;
}

}  // namespace

int Commands::status() {
  tl::expected<json, int> result = ask(status_request(arguments_.service));
  if (!result) return result.error();
  json all = json::object();
  if (arguments_.service.empty()) {
    all = result->value("services", json::object());
  } else {
    all[arguments_.service] = *result;
  }
  if (arguments_.has("idle")) return print_idle(all);
  if (arguments_.has("active")) return print_active(all);
  std::string text;
  for (const json& service : all) {
    text += (text.empty() ? "" : "\n") + render_service(service, {console_.colour, console_.now});
  }
  if (arguments_.service.empty())
    text += render_certificates(*result, {console_.colour, console_.now});
  if (!text.empty()) text.pop_back();
  print(*result, text);
  return arguments_.has("exit_code") ? exit_of_state(all) : 0;
}

int Commands::print_idle(const json& services) {
  if (services.size() != 1)
    return refuse("--idle is about one service; name it with -s", "tealgate status -s NAME --idle");
  const json& service = services.front();
  json idle = service.value("idle", json::array());
  if (idle.size() != 1) {
    std::string why = idle.empty() ? "no pool is idle" : "several pools are idle";
    return fail(
        own_error("not_one_idle", 1, service.value("name", "") + ": " + why, "tealgate status"));
  }
  return print({{"ok", true}, {"idle", idle}}, idle.front().get<std::string>());
}

int Commands::print_active(const json& services) {
  if (services.size() != 1)
    return refuse("--active is about one service; name it with -s",
                  "tealgate status -s NAME --active");
  json active = services.front().value("active", json::array());
  std::string text;
  for (const json& name : active) text += (text.empty() ? "" : "\n") + name.get<std::string>();
  return print({{"ok", true}, {"active", active}}, text);
}

// SERVICE/WORD was typed, where POOL/SERVER is understood: a pool of that name there may be.
tl::expected<Target, int> Commands::check_pool(Target target) {
  tl::expected<json, int> all = services();
  if (!all) return tl::make_unexpected(all.error());
  const json service = all->value(target.service, json::object());
  std::string server = "NAME";
  for (const json& pool : service.value("pools", json::array())) {
    if (pool.value("name", "") == target.pool) return target;
    const json servers = pool.value("servers", json::array());
    if (pool.value("name", "") == target.server && !servers.empty()) {
      server = servers.front().value("name", "");
    }
  }
  return tl::make_unexpected(
      refuse(fmt::format("{}/{} is no server; write SERVICE/POOL/NAME", target.pool, target.server),
             fmt::format("tealgate {} {}/{}/{}", arguments_.command, target.service, target.server,
                         server)));
}

tl::expected<Target, int> Commands::find_server(Target target) {
  if (!target.pool.empty()) {
    tl::expected<std::string, int> service = service_for(target.service);
    if (!service) return tl::make_unexpected(service.error());
    const bool is_pool = target.service.empty() && target.pool == *service;
    target.service = *service;
    return is_pool ? check_pool(target) : target;
  }
  tl::expected<json, int> all = services();
  if (!all) return tl::make_unexpected(all.error());
  std::vector<Target> found;
  std::vector<std::string> names;
  for (const auto& [name, service] : all->items()) {
    if (!arguments_.service.empty() && name != arguments_.service) continue;
    for (const json& pool : service.value("pools", json::array())) {
      for (const json& server : pool.value("servers", json::array())) {
        names.push_back(server.value("name", ""));
        if (names.back() == target.server)
          found.push_back({name, pool.value("name", ""), target.server});
      }
    }
  }
  if (found.size() == 1) {
    asked_service_ = found.front().service;
    return found.front();
  }
  if (found.size() > 1) {
    return tl::make_unexpected(
        refuse(target.server + " is a server of several services; name the service with -s", ""));
  }
  std::string known = suggest(target.server, names);
  std::string hint =
      known.empty() ? "tealgate status" : "tealgate " + arguments_.command + " " + known;
  return tl::make_unexpected(
      fail(own_error("unknown", 2,
                     "there is no server \"" + target.server + "\"" +
                         (known.empty() ? "" : "; did you mean " + known + "?"),
                     hint)));
}

}  // namespace tealgate::cli
