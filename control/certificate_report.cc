#include "control/certificate_report.h"

#include <fmt/core.h>

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
  return object;
}

void add(Json& all, const TlsCertificate& certificate, const std::string& user, WallTime now) {
  Json fresh = certificate_object(certificate, now);
  for (Json& known : all) {
    if (known["file"] != fresh["file"] || known["serial"] != fresh["serial"]) continue;
    known["used_by"].push_back(user);
    return;
  }
  fresh["used_by"].push_back(user);
  all.push_back(std::move(fresh));
}

}  // namespace

nlohmann::ordered_json certificates_array(const Config& config, WallTime now) {
  Json all = Json::array();
  for (const ListenerSettings& listener : config.listeners) {
    if (!listener.tls) continue;
    for (const auto& certificate : listener.tls->certificates)
      add(all, *certificate, fmt::format("listen {}", listener.text), now);
  }
  for (const ServiceConfig& service : config.services) {
    for (const PoolConfig& pool : service.pools) {
      if (!pool.tls || !pool.tls->certificate) continue;
      add(all, *pool.tls->certificate, fmt::format("{}/{}", service.name, pool.name), now);
    }
  }
  return all;
}

nlohmann::ordered_json tls_faults_array(const std::vector<TlsFault>& faults) {
  Json all = Json::array();
  for (const TlsFault& fault : faults)
    all.push_back({{"file", fault.file}, {"message", fault.message}});
  return all;
}

}  // namespace tealgate
