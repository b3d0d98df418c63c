#include "control/tls_renewal.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "control/expiry_watch.h"

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

std::string text_of(const std::string& name) {
  std::ifstream file(std::string(TEALGATE_TESTS_DIR) + "/config/tls/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Files in memory, and a listener and a pool that use them.
struct Files {
  Files() {
    put("shop", "shop");
    content["/ca.pem"] = text_of("shop.pem");
    auto listener = std::make_shared<TlsServerSettings>();
    listener->certificates = {certificate()};
    listener->client_certificates = ClientCertificates::Optional;
    listener->client_ca_file = "/ca.pem";
    listener->client_ca = content["/ca.pem"];
    auto pool = std::make_shared<TlsClientSettings>();
    pool->certificate = certificate();
    pool->ca_file = "/ca.pem";
    pool->authorities = TlsAuthorities::parse(content["/ca.pem"]).value();
    in_use.listeners = {listener};
    in_use.pools = {pool};
  }

  void put(const std::string& cert, const std::string& key) {
    content["/cert.pem"] = text_of(cert + ".pem");
    content["/key.pem"] = text_of(key + ".key");
  }
  std::shared_ptr<const TlsCertificate> certificate() {
    return TlsCertificate::parse({"/cert.pem", "/key.pem", ""},
                                 {content["/cert.pem"], content["/key.pem"], ""})
        .value();
  }
  TlsRenewal renewed() {
    ConfigSurroundings surroundings;
    surroundings.content = [this](const std::string& path, std::size_t) -> Result<std::string> {
      if (const auto found = content.find(path); found != content.end()) return found->second;
      return error("cannot be read: No such file or directory");
    };
    return renew(in_use, surroundings, WallClock::now());
  }
  std::string fault() {
    const TlsRenewal renewal = renewed();
    CHECK_FALSE(renewal.changes_anything());
    REQUIRE(renewal.faults.size() == 1);
    return renewal.faults.front().message;
  }

  std::map<std::string, std::string> content;
  TlsInUse in_use;
};

}  // namespace

TEST_CASE("TLS renewal: unchanged files change nothing") {
  Files files;
  const TlsRenewal renewal = files.renewed();
  CHECK_FALSE(renewal.changes_anything());
  CHECK(renewal.faults.empty());
  CHECK(files.in_use.files() == std::vector<std::string>{"/ca.pem", "/cert.pem", "/key.pem"});
}

TEST_CASE("TLS renewal: a new certificate takes the old one's place, at listeners and pools") {
  Files files;
  files.put("again", "again");
  const TlsRenewal renewal = files.renewed();
  CHECK(renewal.faults.empty());
  CHECK(renewal.renewed == std::vector<std::string>{"/cert.pem"});
  REQUIRE(renewal.listeners.size() == 1);
  CHECK(renewal.listeners.at(files.in_use.listeners[0])
            ->certificates[0]
            ->is_same_as(*files.certificate()));
  CHECK(renewal.pools.at(files.in_use.pools[0])->certificate->is_same_as(*files.certificate()));
}

TEST_CASE("TLS renewal: new authorities count for clients and for servers") {
  Files files;
  files.content["/ca.pem"] = text_of("rsa.pem");
  const TlsRenewal renewal = files.renewed();
  CHECK(renewal.renewed == std::vector<std::string>{"/ca.pem"});
  CHECK(renewal.listeners.at(files.in_use.listeners[0])->client_ca == text_of("rsa.pem"));
  CHECK(renewal.pools.at(files.in_use.pools[0])->authorities->pem() == text_of("rsa.pem"));
}

TEST_CASE("TLS renewal: what cannot be used changes nothing, and is told once") {
  Files files;
  files.put("again", "shop");
  CHECK(files.fault() == "/key.pem is not the key of /cert.pem");
  files.put("expired", "expired");
  CHECK(files.fault().starts_with("the certificate in /cert.pem has expired at "));
  files.content["/cert.pem"] = text_of("shop.pem").substr(0, 100);
  CHECK(files.fault().starts_with("/cert.pem holds no certificate in PEM form"));
  files.content.erase("/cert.pem");
  CHECK(files.fault() == "/cert.pem cannot be read: No such file or directory");
}

TEST_CASE("TLS renewal: authorities that cannot be used leave the rest alone") {
  Files files;
  files.put("again", "again");
  files.content["/ca.pem"] = "nonsense";
  const TlsRenewal renewal = files.renewed();
  CHECK(renewal.renewed == std::vector<std::string>{"/cert.pem"});
  CHECK(renewal.faults.size() == 2);
  const auto& listener = renewal.listeners.at(files.in_use.listeners[0]);
  CHECK(listener->client_ca == text_of("shop.pem"));
  CHECK(listener->certificates[0]->is_same_as(*files.certificate()));
}

TEST_CASE("Expiry: a certificate is told of ahead, at its end, and not in between") {
  Files files;
  const auto certificate = files.certificate();
  const auto end = certificate->valid_until();
  ExpiryWatch watch;
  const auto told = [&](TlsCertificate::Time now) {
    return watch.on_look({certificate, certificate}, now);
  };
  CHECK(told(end - 14 * 24h - 1s).empty());
  REQUIRE(told(end - 14 * 24h).size() == 1);
  CHECK(told(end - 1s).empty());
  REQUIRE(told(end).size() == 1);
  CHECK(told(end + 1h).empty());
  CHECK(told(end - 1h).empty());
  CHECK(told(end + 2h).empty());
  ExpiryWatch late;
  CHECK(late.on_look({certificate}, end + 1h).at(0).stage == ExpiryWatch::Stage::HasExpired);
}
