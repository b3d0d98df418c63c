// TLS sessions against each other, without a socket.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/tls_context.h"

using namespace tealgate;
using Outcome = TlsSession::Step::Outcome;

namespace {

std::string text_of(const std::string& name) {
  std::ifstream file(std::string(TEALGATE_TESTS_DIR) + "/config/tls/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<const TlsCertificate> certificate(const std::string& name) {
  const TlsCertificate::Files files{name + ".pem", name + ".key", ""};
  auto parsed = TlsCertificate::parse(files, {text_of(files.cert), text_of(files.key), ""});
  REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().message));
  return *parsed;
}

std::shared_ptr<TlsServerContext> server_of(
    const TlsServerSettings& settings,
    std::shared_ptr<const TlsTicketKeys> keys = std::make_shared<TlsTicketKeys>()) {
  auto made = TlsServerContext::make(settings, std::move(keys));
  REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  return *made;
}

TlsServerSettings shows(std::vector<std::string> names) {
  TlsServerSettings settings;
  for (const std::string& name : names) settings.certificates.push_back(certificate(name));
  return settings;
}

std::shared_ptr<TlsClientContext> client_trusting(const std::string& ca) {
  TlsClientSettings settings;
  settings.ca = text_of(ca + ".pem");
  return *TlsClientContext::make(settings);
}

// One end: what it was told, and what it still has to send.
struct End {
  explicit End(std::unique_ptr<TlsSession> made) : session(std::move(made)) {}

  Outcome take(std::string_view cipher) {
    std::vector<char> room(cipher.size() + 32 * 1024);
    const std::vector<char> copy(cipher.begin(), cipher.end());
    const auto step = session->take({copy.data(), copy.size()}, room, out);
    received.append(step.plain);
    return outcome = step.outcome;
  }
  void say(std::string_view plain) {
    session->encrypt(plain, out);
    session->finish_record(out);
  }

  std::unique_ptr<TlsSession> session;
  std::string out;
  std::string received;
  Outcome outcome = Outcome::Open;
};

struct Pair {
  Pair(const TlsServerContext& server_side, const TlsClientContext& client_side,
       std::string_view name = "shop.example.com")
      : server(server_side.accept()), client(client_side.connect(name)) {
    client.session->start(client.out);
  }

  // Until nobody has anything to say, in pieces of that size.
  void run(std::size_t piece = SIZE_MAX) {
    while (!client.out.empty() || !server.out.empty()) {
      pass(client, server, piece);
      pass(server, client, piece);
    }
  }
  static void pass(End& from, End& to, std::size_t piece) {
    std::string bytes;
    bytes.swap(from.out);
    for (std::size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size() - at)) {
      to.take(std::string_view(bytes).substr(at, piece));
    }
  }
  bool is_established() const {
    return client.session->is_established() && server.session->is_established();
  }

  End server;
  End client;
};

}  // namespace

TEST_CASE("TLS: bytes come out as they went in, however they are cut") {
  const auto server = server_of(shows({"shop"}));
  const auto client = client_trusting("shop");
  std::string large;
  for (int i = 0; i < 200'000; ++i) large += static_cast<char>(i * 7919);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, std::size_t{SIZE_MAX}}) {
    CAPTURE(piece);
    Pair pair(*server, *client);
    pair.run(piece);
    REQUIRE(pair.is_established());
    CHECK(pair.server.session->server_name() == "shop.example.com");
    CHECK(pair.server.session->version() == "TLSv1.3");
    pair.client.say("a question");
    pair.server.say(large);
    pair.run(piece);
    CHECK(pair.server.received == "a question");
    CHECK(pair.client.received == large);
  }
}

TEST_CASE("TLS: small pieces share a record, and none waits for the next write") {
  const auto server = server_of(shows({"shop"}));
  const auto client = client_trusting("shop");
  Pair pair(*server, *client);
  pair.run();
  for (int i = 0; i < 100; ++i) pair.server.session->encrypt("0123456789", pair.server.out);
  CHECK(pair.server.out.empty());
  pair.server.session->finish_record(pair.server.out);
  CHECK(pair.server.out.size() < 1000 + 100);
  pair.server.session->finish_record(pair.server.out);
  pair.run();
  CHECK(pair.client.received.size() == 1000);
}

TEST_CASE("TLS: only close_notify is an end") {
  const auto server = server_of(shows({"shop"}));
  const auto client = client_trusting("shop");
  Pair pair(*server, *client);
  pair.run();
  pair.server.say("all");
  pair.server.session->shut_down(pair.server.out);
  pair.run();
  CHECK(pair.client.received == "all");
  CHECK(pair.client.outcome == Outcome::Ended);
  pair.client.say("still");  // the other way is open
  pair.run();
  CHECK(pair.server.received == "still");
}

TEST_CASE("TLS: a record that was changed on its way ends the connection with an alert") {
  const auto server = server_of(shows({"shop"}));
  const auto client = client_trusting("shop");
  Pair pair(*server, *client);
  pair.run();
  pair.client.say("a question");
  pair.client.out.back() ^= 1;
  pair.server.take(pair.client.out);
  CHECK(pair.server.outcome == Outcome::Failed);
  CHECK_FALSE(pair.server.session->failure().empty());
  CHECK_FALSE(pair.server.out.empty());
  CHECK(pair.server.received.empty());
}

TEST_CASE("TLS: what is none from its first byte on is told, and nothing is answered") {
  const auto server = server_of(shows({"shop"}));
  End end(server->accept());
  CHECK(end.take("GET / HTTP/1.1\r\n") == Outcome::NotTls);
  CHECK(end.out.empty());
  End nonsense(server->accept());
  CHECK(nonsense.take(std::string("\x16\x03\x01\x00\x05hello", 10)) == Outcome::Failed);
}

TEST_CASE("TLS: the name decides on the certificate, in full before a wildcard, else the first") {
  const auto server = server_of(shows({"rsa", "shop", "expired"}));
  const auto shown = [&](const std::string& ca, std::string_view name) {
    const auto client = client_trusting(ca);
    Pair pair(*server, *client, name);
    pair.run();
    return pair.is_established();
  };
  CHECK(shown("shop", "shop.example.com"));            // both kinds fit: the client may choose
  CHECK(shown("shop", "api.shop.example.com"));        // by the wildcard
  CHECK(shown("shop", "API.Shop.Example.com"));        // whatever the case
  CHECK_FALSE(shown("shop", "a.b.shop.example.com"));  // which stands for one label
  CHECK_FALSE(shown("shop", "other.example.com"));
  CHECK_FALSE(shown("expired", "old.example.com"));  // the right one, and clients look at its date
}

TEST_CASE("TLS: ticket keys rotate, are found while they live, and go on to the next process") {
  const auto keys = std::make_shared<TlsTicketKeys>();
  std::string name(16, 'n');
  CHECK_FALSE(keys->find(name));
  const TlsTicketKeys::Key old = keys->newest();
  name.assign(reinterpret_cast<const char*>(old.name.data()), old.name.size());
  CHECK(keys->find(name)->is_newest);
  keys->rotate();
  CHECK_FALSE(keys->find(name)->is_newest);
  TlsTicketKeys next;
  CHECK(next.restore(keys->serialised()));
  CHECK(next.find(name));
  CHECK_FALSE(next.restore("nonsense"));
  keys->rotate();
  CHECK(keys->find(name));
  keys->rotate();
  CHECK_FALSE(keys->find(name));
}

TEST_CASE("TLS: a client's certificate is verified, and tells its name") {
  TlsServerSettings settings = shows({"shop"});
  settings.client_ca = text_of("rsa.pem");
  settings.client_certificates = ClientCertificates::Required;
  const auto server = server_of(settings);
  const auto connect_as = [&](const std::string& name) {
    TlsClientSettings client;
    client.ca = text_of("shop.pem");
    if (!name.empty()) client.certificate = certificate(name);
    Pair pair(*server, **TlsClientContext::make(client));
    pair.run();
    return pair.server.session->is_established() ? pair.server.session->peer_name() : "refused";
  };
  CHECK(connect_as("rsa") == "shop.example.com");
  CHECK(connect_as("again") == "refused");
  CHECK(connect_as("") == "refused");
}

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
