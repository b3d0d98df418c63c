// What certificates and terms of listeners are taken, and what comes of them in handshakes.
#include "unit/base/tls_vocabulary.h"

using namespace tealgate;
using namespace tealgate::tls_test;

namespace {

std::string reason_against(const std::string& name) {
  const TlsCertificate::Files files{name + ".pem", name + ".key", ""};
  const auto parsed = TlsCertificate::parse(files, {text_of(files.cert), text_of(files.key), ""});
  return parsed ? "none" : parsed.error().message;
}

std::shared_ptr<const TlsCertificate> stapled(const std::string& name, const std::string& ocsp) {
  const TlsCertificate::Files files{name + ".pem", name + ".key", ocsp};
  auto parsed =
      TlsCertificate::parse(files, {text_of(files.cert), text_of(files.key), text_of(files.ocsp)});
  REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().message));
  return *parsed;
}

}  // namespace

TEST_CASE("TLS: settings that cannot work say why") {
  TlsServerSettings settings = shows({"shop"});
  settings.ciphers = "NONSENSE";
  const auto keys = std::make_shared<TlsTicketKeys>();
  CHECK(TlsServerContext::make(settings, keys).error().message ==
        "the cipher list \"NONSENSE\" leaves no cipher");
  const TlsCertificate::Files files{"a.pem", "b.key", ""};
  CHECK(
      TlsCertificate::parse(files, {text_of("shop.pem"), text_of("rsa.key"), ""}).error().message ==
      "b.key is not the key of a.pem");
}

TEST_CASE("TLS: a certificate that no handshake would come about with is refused") {
  CHECK(reason_against("small") ==
        "the certificate in small.pem is refused by OpenSSL (ee key too small): an RSA key needs "
        "2048 bits");
  CHECK(
      reason_against("curve") ==
      "curve.key is a key on the curve secp224r1, which clients do not know: take P-256 or P-384");
  CHECK(reason_against("rsa") == "none");
}

TEST_CASE("TLS: half of the authorities of clients are none") {
  TlsServerSettings settings = shows({"shop"});
  settings.client_ca = text_of("half.pem");
  settings.client_certificates = ClientCertificates::Required;
  const auto made = TlsServerContext::make(settings, std::make_shared<TlsTicketKeys>());
  REQUIRE_FALSE(made);
  CHECK(made.error().message.starts_with("client_ca holds a certificate that cannot be read ("));
}

TEST_CASE("TLS: a cipher list must leave something good for each kind of certificate") {
  const auto reason = [](const std::string& shown, const std::string& ciphers,
                         TlsVersion oldest = TlsVersion::Tls12) {
    TlsServerSettings settings = shows({shown});
    settings.ciphers = ciphers;
    settings.oldest = oldest;
    const auto made = TlsServerContext::make(settings, std::make_shared<TlsTicketKeys>());
    return made ? "none" : made.error().message;
  };
  const auto is_in = [](std::string_view part, const std::string& text) {
    CAPTURE(text);
    return text.find(part) != std::string::npos;
  };
  CHECK(is_in("leaves no cipher", reason("rsa", "NULL-SHA256")));
  CHECK(is_in("leaves no cipher", reason("rsa", "aNULL")));
  CHECK(is_in("leaves no cipher", reason("rsa", "DHE-RSA-AES128-GCM-SHA256")));
  CHECK(is_in("has an @ command", reason("rsa", "eNULL:@SECLEVEL=0")));
  CHECK(reason("rsa", "ECDHE-ECDSA-AES128-GCM-SHA256") ==
        "the cipher list \"ECDHE-ECDSA-AES128-GCM-SHA256\" leaves no cipher for rsa.pem: add "
        "ECDHE-RSA-AES128-GCM-SHA256");
  CHECK(is_in("add ECDHE-ECDSA", reason("shop", "ECDHE-RSA-AES128-GCM-SHA256")));
  CHECK(reason("rsa", "ECDHE-ECDSA-AES128-GCM-SHA256", TlsVersion::Tls13) == "none");
  CHECK(reason("rsa", "AES128-GCM-SHA256") == "none");
  CHECK(reason("shop", "HIGH") == "none");
}

TEST_CASE("TLS: who asks for no name is shown what fits its kind, beside the first") {
  const auto client = [](const std::string& ca) {
    TlsClientSettings settings = trusts(ca);
    settings.name = "127.0.0.1";  // asks for no name
    return std::make_shared<TlsClientContext>(settings, Resume::Never);
  };
  const auto shown = [&](std::vector<std::string> names, const std::string& ca) {
    TlsServerSettings settings = shows(std::move(names));
    settings.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
    Pair pair(*server_of(settings), *client(ca));
    pair.run();
    return std::string(pair.client.session->failure());
  };
  // Who knows both prefers ECDSA; and it gets as far as the name if it trusts what it was shown.
  CHECK(shown({"rsa", "shop"}, "shop").starts_with("name mismatch"));
  CHECK(shown({"shop", "rsa"}, "shop").starts_with("name mismatch"));
  CHECK(shown({"rsa", "expired"}, "rsa").starts_with("name mismatch"));  // for another name
}

TEST_CASE("TLS: only a response for the certificate that has not ended is stapled") {
  const auto now = std::chrono::system_clock::now();
  CHECK_FALSE(stapled("shop", "shop.ocsp")->staple(now).empty());
  CHECK(stapled("shop", "shop.ocsp")->staple_fault(now).empty());
  CHECK(stapled("again", "shop.ocsp")->staple(now).empty());
  CHECK(stapled("again", "shop.ocsp")->staple_fault(now) ==
        "the OCSP response in shop.ocsp is for another certificate than that in again.pem");
  CHECK(stapled("shop", "ended.ocsp")->staple(now).empty());
  CHECK(stapled("shop", "ended.ocsp")->staple_fault(now) ==
        "the OCSP response in ended.ocsp has ended at 2020-01-08T00:00:00.000Z");
  CHECK(certificate("shop")->staple_fault(now).empty());
}

TEST_CASE("TLS: the last dot of a server's name is none of its certificate's") {
  const auto server = server_of(shows({"shop"}));
  for (const std::string name : {"shop.example.com.", "shop.example.com"}) {
    TlsClientSettings settings = trusts("shop");
    settings.name = name;
    Pair pair(*server, *std::make_shared<TlsClientContext>(settings, Resume::Never), "10.0.0.1");
    pair.run();
    CHECK(pair.is_established());
    CHECK(pair.server.session->server_name() == "shop.example.com");
  }
}

TEST_CASE("TLS: a certificate tells its names, its time and its kind") {
  const auto shop = certificate("shop");
  CHECK(shop->names() == std::vector<std::string>{"shop.example.com", "*.shop.example.com"});
  CHECK(shop->fits("shop.example.com") == 2);
  CHECK(shop->fits("a.shop.example.com") == 1);
  CHECK(shop->fits(".shop.example.com") == 0);
  CHECK(shop->fits("example.com") == 0);
  CHECK(shop->key_kind() == TlsCertificate::KeyKind::Ecdsa);
  CHECK_FALSE(shop->has_expired(std::chrono::system_clock::now()));
  CHECK(certificate("expired")->has_expired(std::chrono::system_clock::now()));
  CHECK(shop->is_same_as(*certificate("shop")));
  CHECK_FALSE(shop->is_same_as(*certificate("again")));
}
