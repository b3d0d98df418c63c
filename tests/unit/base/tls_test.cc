// TLS sessions against each other, without a socket.
#include "unit/base/tls_vocabulary.h"

using namespace tealgate;
using namespace tealgate::tls_test;
using namespace std::chrono_literals;

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

TEST_CASE("TLS: ticket keys rotate when they are due, and are found for three rotations") {
  const TlsTicketKeys::Time start{1000h};
  TlsTicketKeys keys(start);
  std::string name(16, 'n');
  CHECK_FALSE(keys.find(name));
  const TlsTicketKeys::Key old = keys.newest();
  name.assign(reinterpret_cast<const char*>(old.name.data()), old.name.size());
  keys.rotate_when_due(start + 12h - 1s, 12h);
  CHECK(keys.find(name)->is_newest);
  keys.rotate_when_due(start + 12h, 12h);
  CHECK_FALSE(keys.find(name)->is_newest);
  keys.rotate_when_due(start + 13h, 12h);
  keys.rotate_when_due(start + 24h, 12h);
  CHECK(keys.find(name));
  keys.rotate_when_due(start + 36h - 1s, 12h);
  CHECK(keys.find(name));
  keys.rotate_when_due(start + 36h, 12h);
  CHECK_FALSE(keys.find(name));
}

TEST_CASE("TLS: ticket keys that slept for long, or whose clock was set back, are not trusted") {
  const TlsTicketKeys::Time start{1000h};
  for (const TlsTicketKeys::Time later : {start + 100h, start - 100h}) {
    TlsTicketKeys keys(start);
    const TlsTicketKeys::Key old = keys.newest();
    keys.rotate_when_due(later, 12h);
    CHECK_FALSE(keys.find({reinterpret_cast<const char*>(old.name.data()), old.name.size()}));
  }
}

TEST_CASE("TLS: ticket keys go on to the next process, with their age") {
  const TlsTicketKeys::Time start{1000h};
  TlsTicketKeys keys(start);
  const TlsTicketKeys::Key old = keys.newest();
  keys.rotate_when_due(start + 12h, 12h);
  TlsTicketKeys next(start + 23h);
  REQUIRE(next.restore(keys.serialised()));
  const std::string_view name(reinterpret_cast<const char*>(old.name.data()), old.name.size());
  CHECK(next.find(name));
  CHECK(next.newest().name == keys.newest().name);
  next.rotate_when_due(start + 24h, 12h);
  CHECK(next.newest().name != keys.newest().name);
  CHECK_FALSE(next.restore("nonsense"));
  CHECK(next.find(name));
}

TEST_CASE("TLS: a client's certificate is verified, and tells its name") {
  TlsServerSettings settings = shows({"shop"});
  settings.client_ca = text_of("rsa.pem");
  settings.client_certificates = ClientCertificates::Required;
  const auto server = server_of(settings);
  const auto connect_as = [&](const std::string& name) {
    TlsClientSettings client = trusts("shop");
    if (!name.empty()) client.certificate = certificate(name);
    Pair pair(*server, *std::make_shared<TlsClientContext>(client, Resume::Never));
    pair.run();
    CHECK(pair.client.session->has_refused_us() == !pair.server.session->is_established());
    return pair.server.session->is_established() ? pair.server.session->peer_name()
                                                 : std::string(pair.client.session->failure());
  };
  CHECK(connect_as("rsa") == "shop.example.com");
  CHECK(connect_as("again").starts_with("the server refuses our certificate ("));
  CHECK(connect_as("") == "the server asks for a client's certificate");
}

TEST_CASE("TLS: a client says in words what is wrong with a server") {
  const auto reason = [](const std::string& shown, const TlsClientSettings& client,
                         std::string_view host) {
    const auto context = std::make_shared<TlsClientContext>(client, Resume::Never);
    const auto server = server_of(shows({shown}));
    Pair pair(*server, *context, host);
    pair.run();
    CHECK_FALSE(pair.client.session->has_refused_us());
    return std::string(pair.client.session->failure());
  };
  CHECK(reason("shop", trusts("shop"), "shop.example.com").empty());
  CHECK(reason("shop", trusts("shop"), "127.0.0.1") ==
        "name mismatch: the certificate is for shop.example.com, *.shop.example.com, not for "
        "127.0.0.1");
  CHECK(reason("expired", trusts("expired"), "old.example.com") == "certificate has expired");
  CHECK(reason("shop", trusts("rsa"), "shop.example.com")
            .starts_with("certificate signed by an unknown authority ("));
  CHECK(reason("shop", {}, "whoever.test").empty());
  TlsClientSettings named = trusts("shop");
  named.name = "api.shop.example.com";
  CHECK(reason("shop", named, "10.0.0.1").empty());
  End plain(client_trusting("shop")->connect({"shop.example.com", ""}));
  plain.session->start(plain.out);
  CHECK(plain.take("HTTP/1.1 400 Bad Request\r\n") == Outcome::Failed);
  CHECK(plain.session->failure() == "the server speaks no TLS");
}

TEST_CASE("TLS: a client resumes with the server that it knows, if it may") {
  const auto server = server_of(shows({"shop"}));
  const auto is_resumed = [&](TlsClientContext& client, std::string_view name) {
    Pair pair(*server, client, name);
    pair.run();
    REQUIRE(pair.is_established());
    pair.client.session->shut_down(pair.client.out);  // else OpenSSL takes the session for broken
    return pair.client.session->is_resumed();
  };
  const auto remembers = std::make_shared<TlsClientContext>(trusts("shop"), Resume::Allowed);
  CHECK_FALSE(is_resumed(*remembers, "shop.example.com"));
  CHECK(is_resumed(*remembers, "shop.example.com"));
  CHECK(is_resumed(*remembers, "shop.example.com"));
  CHECK_FALSE(is_resumed(*remembers, "a.shop.example.com"));
  const auto forgets = std::make_shared<TlsClientContext>(trusts("shop"), Resume::Never);
  CHECK_FALSE(is_resumed(*forgets, "shop.example.com"));
  CHECK_FALSE(is_resumed(*forgets, "shop.example.com"));
}

TEST_CASE("TLS: settings towards servers are the same if what they say is") {
  CHECK(trusts("shop").is_same_as(trusts("shop")));
  CHECK_FALSE(trusts("shop").is_same_as(trusts("rsa")));
  CHECK_FALSE(trusts("shop").is_same_as({}));
  TlsClientSettings shown = trusts("shop");
  shown.certificate = certificate("shop");
  CHECK_FALSE(shown.is_same_as(trusts("shop")));
  CHECK(TlsAuthorities::parse("nonsense").error().message == "holds no certificates in PEM form");
}
