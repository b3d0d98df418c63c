#include "control/certificate_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "control/expiry_watch.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

std::string_view to_string(ExpiryWatch::Stage stage) {
  switch (stage) {
    case ExpiryWatch::Stage::EndsSoon:
      return "ends_soon";
    case ExpiryWatch::Stage::HasExpired:
      return "expired";
    case ExpiryWatch::Stage::Fine:
      break;
  }
  return "ok";
}

// A wildcard of a service takes names of any depth.
bool fits(const TlsCertificate& certificate, const std::string& host) {
  if (certificate.fits(host) > 0) return true;
  if (!host.starts_with("*.")) return false;
  const std::string_view suffix = std::string_view(host).substr(1);
  const std::vector<std::string>& names = certificate.names();
  return std::ranges::any_of(names, [&](const auto& name) { return name.ends_with(suffix); });
}

// Those whose hosts it fits; if there are none, those for hosts that no other names.
std::vector<std::string> services_behind(const TlsCertificate& certificate, const Config& config) {
  std::vector<std::string> fitting, open;
  for (const ServiceConfig& service : config.services) {
    const auto fits_it = [&](const std::string& host) { return fits(certificate, host); };
    if (service.hosts.empty()) open.push_back(service.name);
    if (std::ranges::any_of(service.hosts, fits_it)) fitting.push_back(service.name);
  }
  return fitting.empty() ? open : fitting;
}

// Who shows it, and for which services.
struct Use {
  std::string user;
  std::vector<std::string> services;
};

void add_use(Json& object, const Use& use) {
  object["used_by"].push_back(use.user);
  for (const std::string& service : use.services) {
    Json& known = object["services"];
    if (std::find(known.begin(), known.end(), service) == known.end()) known.push_back(service);
  }
}

Json certificate_object(const TlsCertificate& certificate, WallTime now) {
  const auto left = certificate.valid_until() - now;
  Json object;
  object["file"] = certificate.files().cert;
  object["names"] = certificate.names();
  object["issuer"] = certificate.issuer();
  object["serial"] = certificate.serial();
  object["valid_until"] = format_wall_time(certificate.valid_until());
  object["days_left"] = std::chrono::floor<std::chrono::days>(left).count();
  object["state"] = to_string(ExpiryWatch::stage_of(certificate, now));
  object["used_by"] = Json::array();
  object["services"] = Json::array();
  return object;
}

void add(Json& all, const TlsCertificate& certificate, const Use& use, WallTime now) {
  Json fresh = certificate_object(certificate, now);
  for (Json& known : all) {
    if (known["file"] != fresh["file"] || known["serial"] != fresh["serial"]) continue;
    return add_use(known, use);
  }
  add_use(fresh, use);
  all.push_back(std::move(fresh));
}

}  // namespace

nlohmann::ordered_json certificates_array(const Config& config, WallTime now) {
  Json all = Json::array();
  for (const ListenerSettings& listener : config.listeners) {
    if (!listener.tls) continue;
    for (const auto& certificate : listener.tls->certificates)
      add(all, *certificate,
          {fmt::format("listen {}", listener.text), services_behind(*certificate, config)}, now);
  }
  for (const ServiceConfig& service : config.services) {
    for (const PoolConfig& pool : service.pools) {
      if (!pool.tls || !pool.tls->certificate) continue;
      add(all, *pool.tls->certificate,
          {fmt::format("{}/{}", service.name, pool.name), {service.name}}, now);
    }
  }
  return all;
}

void keep_certificates(nlohmann::ordered_json& certificates, const Access& access) {
  Json seen = Json::array();
  for (Json& certificate : certificates) {
    Json services = Json::array();
    for (const Json& service : certificate["services"])
      if (access.reaches(service.get<std::string>())) services.push_back(service);
    if (services.empty()) continue;
    certificate["services"] = std::move(services);
    Json users = Json::array();
    for (const Json& user : certificate["used_by"]) {
      const auto name = user.get<std::string>();
      if (name.starts_with("listen ") || access.reaches(name.substr(0, name.find('/'))))
        users.push_back(user);
    }
    certificate["used_by"] = std::move(users);
    seen.push_back(std::move(certificate));
  }
  certificates = std::move(seen);
}

nlohmann::ordered_json tls_faults_array(const std::vector<TlsFault>& faults) {
  Json all = Json::array();
  for (const TlsFault& fault : faults)
    all.push_back({{"file", fault.file}, {"message", fault.message}});
  return all;
}

}  // namespace tealgate
