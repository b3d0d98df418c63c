// What `tls` of listeners and pools comes to.
#include <doctest/doctest.h>

#include "tests/unit/control/config_vocabulary.h"

using namespace tealgate;

namespace {

Config full() {
  const std::string path = config_test::folder() + "/good/full.yaml";
  const ConfigResult result =
      parse_config(config_test::read_text(path), path, config_test::surroundings());
  REQUIRE(result);
  return result->config;
}

}  // namespace

TEST_CASE("Config file: a listener says on what terms it speaks TLS") {
  const Config config = full();
  CHECK(config.ticket_rotation == 6h);
  REQUIRE(config.listeners[2].tls);
  const TlsServerSettings& tls = *config.listeners[2].tls;
  REQUIRE(tls.certificates.size() == 2);
  CHECK(tls.certificates[0]->key_kind() == TlsCertificate::KeyKind::Ecdsa);
  CHECK(tls.certificates[1]->key_kind() == TlsCertificate::KeyKind::Rsa);
  CHECK(tls.oldest == TlsVersion::Tls13);
  CHECK(tls.ciphers == "ECDHE-ECDSA-AES128-GCM-SHA256");
  CHECK(tls.client_certificates == ClientCertificates::Optional);
  CHECK_FALSE(tls.client_ca.empty());
  CHECK(tls.client_ca_file == "/etc/tealgate/tls/shop.pem");
}

TEST_CASE("Config file: a pool says on what terms its servers speak TLS") {
  const Config config = full();
  const PoolConfig& secure = config.services.at(0).pools.at(3);
  CHECK(secure.servers.size() == 2);
  REQUIRE(secure.tls);
  CHECK(secure.tls->ca_file == "/etc/tealgate/tls/shop.pem");
  CHECK(secure.tls->authorities);
  CHECK(secure.tls->name == "app.internal");
  CHECK(secure.tls->certificate->files().key == "/etc/tealgate/tls/rsa.key");
  const PoolConfig& unsafe = config.services.at(0).pools.at(4);
  CHECK(unsafe.servers.size() == 1);
  REQUIRE(unsafe.tls);
  CHECK_FALSE(unsafe.tls->authorities);
}
