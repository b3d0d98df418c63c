// What a caller with a list of services sees of the rest: nothing.
#include "control/visible.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "control/certificate_report.h"
#include "unit/control/api_vocabulary.h"

using namespace tealgate;
using namespace tealgate::api_test;

namespace {

std::string text_of(const std::string& name) {
  std::ifstream file(std::string(TEALGATE_TESTS_DIR) + "/config/tls/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Of shop.example.com and *.shop.example.com; `again` is of the first alone, `expired` of neither.
std::shared_ptr<const TlsCertificate> certificate(const std::string& name) {
  return TlsCertificate::parse({"/tls/" + name + ".pem", "/tls/" + name + ".key", ""},
                               {text_of(name + ".pem"), text_of(name + ".key"), ""})
      .value();
}

ServiceConfig service(const std::string& name, std::vector<std::string> hosts) {
  ServiceConfig made = shop_config().services.front();
  made.name = name;
  made.hosts = std::move(hosts);
  return made;
}

// A listener that shows these.
Config showing(const std::vector<std::string>& certificates) {
  Config config;
  auto tls = std::make_shared<TlsServerSettings>();
  for (const std::string& name : certificates) tls->certificates.push_back(certificate(name));
  ListenerSettings listener;
  listener.text = ":443";
  listener.tls = tls;
  config.listeners.push_back(listener);
  return config;
}

Json told(const Config& config) {
  return certificates_array(config, WallClock::now());
}

Json seen(const Config& config, std::vector<std::string> services) {
  Json all = told(config);
  keep_certificates(all, {Role::Viewer, std::move(services), ""});
  return all;
}

}  // namespace

TEST_CASE("Certificates: a listener's is for the services whose hosts it fits") {
  const auto services = [](const std::vector<std::string>& hosts) {
    Config config = showing({"shop"});
    config.services = {service("it", hosts), service("other", {"other.example.com"}),
                       service("open", {})};
    return told(config)[0]["services"];
  };
  CHECK(services({"shop.example.com"}) == Json{"it"});
  CHECK(services({"a.example.com", "api.shop.example.com"}) == Json{"it"});
  CHECK(services({"*.shop.example.com"}) == Json{"it"});
  CHECK(services({"*.example.com"}) == Json{"it"});
  // What fits none's hosts is for who has the rest.
  CHECK(services({"a.example.com"}) == Json{"open"});
  CHECK(services({"*.api.shop.example.com"}) == Json{"open"});
}

TEST_CASE("Visible: of certificates those of the own services, and of these what is about them") {
  Config config = showing({"shop", "expired"});
  config.services = {service("shop", {"shop.example.com"}), service("web", {"shop.example.com"}),
                     service("billing", {"billing.example.com"}), service("open", {})};
  auto pool = std::make_shared<TlsClientSettings>();
  pool->certificate = certificate("rsa");
  for (const std::size_t i : {1U, 2U}) config.services[i].pools[0].tls = pool;
  REQUIRE(told(config).size() == 3);
  CHECK(told(config)[2]["services"] == Json{"web", "billing"});

  const Json web = seen(config, {"web"});
  REQUIRE(web.size() == 2);
  CHECK(web[0]["file"] == "/tls/shop.pem");
  CHECK(web[0]["services"] == Json{"web"});
  CHECK(web[0]["used_by"] == Json{"listen :443"});
  CHECK(web[1]["services"] == Json{"web"});
  CHECK(web[1]["used_by"] == Json{"web/blue"});
  const Json billing = seen(config, {"billing"});
  REQUIRE(billing.size() == 1);
  CHECK(billing[0]["used_by"] == Json{"billing/blue"});
  CHECK(seen(config, {}).empty());
  CHECK(seen(config, {"open"})[0]["file"] == "/tls/expired.pem");
}

TEST_CASE("Visible: a status limited to services has no certificates and faults of others") {
  Config config = showing({"shop"});
  config.services = {service("shop", {"shop.example.com"})};
  Deploy deploy(config);
  const DaemonFacts facts{"0.1.0", 7, WallTime{}};
  const auto status = [&](std::optional<std::vector<std::string>> services) {
    return visible_status(*deploy.control, facts, {Role::Viewer, std::move(services), ""});
  };
  CHECK(status(std::nullopt)["certificates"].size() == 1);
  using Names = std::vector<std::string>;
  CHECK(status(Names{"shop"})["certificates"].size() == 1);
  CHECK(status(Names{"billing"})["certificates"] == Json::array());
  CHECK(status(Names{"billing"})["tls_faults"] == Json::array());
}
