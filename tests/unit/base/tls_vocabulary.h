// What tests of TLS share: certificates of the tests' own, and two sessions against each other.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/tls_client_context.h"
#include "base/tls_context.h"

namespace tealgate::tls_test {

using Outcome = TlsSession::Step::Outcome;
using Resume = TlsClientContext::Resume;

inline std::string text_of(const std::string& name) {
  std::ifstream file(std::string(TEALGATE_TESTS_DIR) + "/config/tls/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::shared_ptr<const TlsCertificate> certificate(const std::string& name) {
  const TlsCertificate::Files files{name + ".pem", name + ".key", ""};
  auto parsed = TlsCertificate::parse(files, {text_of(files.cert), text_of(files.key), ""});
  REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().message));
  return *parsed;
}

inline std::shared_ptr<TlsServerContext> server_of(
    const TlsServerSettings& settings,
    std::shared_ptr<const TlsTicketKeys> keys = std::make_shared<TlsTicketKeys>()) {
  auto made = TlsServerContext::make(settings, std::move(keys));
  REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  return *made;
}

inline TlsServerSettings shows(std::vector<std::string> names) {
  TlsServerSettings settings;
  for (const std::string& name : names) settings.certificates.push_back(certificate(name));
  return settings;
}

inline TlsClientSettings trusts(const std::string& ca) {
  TlsClientSettings settings;
  settings.authorities = TlsAuthorities::parse(text_of(ca + ".pem")).value();
  return settings;
}

inline std::shared_ptr<TlsClientContext> client_trusting(const std::string& ca) {
  return std::make_shared<TlsClientContext>(trusts(ca), Resume::Never);
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
  Pair(const TlsServerContext& server_side, TlsClientContext& client_side,
       std::string_view name = "shop.example.com")
      : server(server_side.accept()), client(client_side.connect({name, name})) {
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

}  // namespace tealgate::tls_test
