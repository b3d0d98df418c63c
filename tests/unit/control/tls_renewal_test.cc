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
  std::shared_ptr<const TlsCertificate> certificate(const std::string& cert = "/cert.pem",
                                                    const std::string& key = "/key.pem",
                                                    const std::string& ocsp = "") {
    return TlsCertificate::parse({cert, key, ocsp}, {content[cert], content[key], content[ocsp]})
        .value();
  }
  // The listener anew, with these besides.
  void listen_with(std::vector<std::shared_ptr<const TlsCertificate>> certificates) {
    auto listener = std::make_shared<TlsServerSettings>();
    listener->certificates = std::move(certificates);
    in_use.listeners = {listener};
    in_use.pools.clear();
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
  files.put("small", "small");
  CHECK(files.fault().starts_with("the certificate in /cert.pem is refused by OpenSSL (ee key"));
  files.put("later", "later");
  CHECK(files.fault() ==
        "the certificate in /cert.pem is not valid before 2120-01-01T00:00:00.000Z");
  files.content.erase("/cert.pem");
  CHECK(files.fault() == "/cert.pem cannot be read: No such file or directory");
}

TEST_CASE("TLS renewal: half of the authorities are none") {
  Files files;
  files.content["/ca.pem"] = text_of("half.pem");
  const TlsRenewal renewal = files.renewed();
  CHECK_FALSE(renewal.changes_anything());
  REQUIRE(renewal.faults.size() == 1);  // of the listener and of the pool the same
  CHECK(renewal.faults[0].message.starts_with("/ca.pem holds a certificate that cannot be read ("));
}

TEST_CASE("TLS renewal: a certificate of the future is taken where the old one is none either") {
  Files files;
  files.put("expired", "expired");
  files.listen_with({files.certificate()});
  files.put("later", "later");
  CHECK(files.renewed().renewed == std::vector<std::string>{"/cert.pem"});
}

TEST_CASE("TLS renewal: two for one name are not taken over, as a restart would refuse them") {
  Files files;
  files.content["/other.pem"] = text_of("expired.pem");
  files.content["/other.key"] = text_of("expired.key");
  files.listen_with({files.certificate(), files.certificate("/other.pem", "/other.key")});
  files.content["/other.pem"] = text_of("narrow.pem");
  files.content["/other.key"] = text_of("narrow.key");
  CHECK(files.fault() ==
        "/other.pem and /cert.pem are both for shop.example.com with the same kind of key");
  // Once they have changed places there is nothing against it.
  files.put("expired", "expired");
  files.in_use.listeners[0] = [&] {
    auto changed = std::make_shared<TlsServerSettings>(*files.in_use.listeners[0]);
    changed->certificates[0] = files.certificate();
    return changed;
  }();
  CHECK(files.renewed().renewed == std::vector<std::string>{"/other.pem"});
}

TEST_CASE("TLS renewal: where one of two keeps its old one, the other gives way as well") {
  Files files;
  files.content["/other.pem"] = text_of("later.pem");
  files.content["/other.key"] = text_of("later.key");
  files.listen_with({files.certificate(), files.certificate("/other.pem", "/other.key")});
  std::swap(files.content["/cert.pem"], files.content["/other.pem"]);
  std::swap(files.content["/key.pem"], files.content["/other.key"]);
  // The certificate of the future gives way, and with it the one that would stand beside its rival.
  const TlsRenewal renewal = files.renewed();
  CHECK_FALSE(renewal.changes_anything());
  CHECK(renewal.faults.size() == 2);
}

TEST_CASE("TLS renewal: a new certificate for which the listener has no cipher is not taken over") {
  Files files;
  auto listener = std::make_shared<TlsServerSettings>();
  listener->certificates = {files.certificate()};
  listener->ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
  files.in_use = {{listener}, {}};
  files.put("rsa", "rsa");
  CHECK(files.fault().find("leaves no cipher for /cert.pem") != std::string::npos);
}

TEST_CASE("TLS renewal: what a new certificate no longer does is told") {
  Files files;
  files.listen_with({files.certificate()});
  files.put("narrow", "narrow");
  const TlsRenewal narrower = files.renewed();
  CHECK(narrower.changes_anything());
  CHECK(narrower.faults.empty());
  REQUIRE(narrower.warnings.size() == 1);
  CHECK(narrower.warnings[0].message ==
        "the new certificate in /cert.pem is no longer for *.shop.example.com");
}

TEST_CASE(
    "TLS renewal: the OCSP response of the certificate before is not stapled, which is told") {
  Files files;
  files.content["/shop.ocsp"] = text_of("shop.ocsp");
  files.listen_with({files.certificate("/cert.pem", "/key.pem", "/shop.ocsp")});
  files.put("again", "again");
  const TlsRenewal renewal = files.renewed();
  CHECK(renewal.renewed == std::vector<std::string>{"/cert.pem"});
  REQUIRE(renewal.warnings.size() == 2);  // and a name is lost
  CHECK(renewal.warnings[1].message ==
        "the OCSP response in /shop.ocsp is for another certificate than that in /cert.pem: it is "
        "not stapled");
}

TEST_CASE("TLS renewal: it is made for the very settings that it was read for") {
  Files files;
  CHECK(files.renewed().in_use == files.in_use);
  Files same_by_content;
  CHECK(files.renewed().in_use != same_by_content.in_use);
}

TEST_CASE("TLS renewal: authorities that cannot be used leave the rest alone") {
  Files files;
  files.put("again", "again");
  files.content["/ca.pem"] = "nonsense";
  const TlsRenewal renewal = files.renewed();
  CHECK(renewal.renewed == std::vector<std::string>{"/cert.pem"});
  CHECK(renewal.faults.size() == 1);  // of both the same
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
