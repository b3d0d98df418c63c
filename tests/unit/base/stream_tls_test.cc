// The TLS side of a stream, against OpenSSL itself on the other end of a socket pair.
#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/handshake_turn.h"
#include "base/loop.h"
#include "base/stream.h"
#include "base/timer.h"
#include "base/tls_context.h"

using namespace tealgate;

namespace {

std::string text_of(const std::string& name) {
  std::ifstream file(std::string(TEALGATE_TESTS_DIR) + "/config/tls/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<TlsServerContext> shop_server() {
  TlsServerSettings settings;
  settings.certificates.push_back(*TlsCertificate::parse(
      {"shop.pem", "shop.key", ""}, {text_of("shop.pem"), text_of("shop.key"), ""}));
  return *TlsServerContext::make(settings, std::make_shared<TlsTicketKeys>());
}

struct Recorder final : StreamOwner {
  std::string bytes;
  int error = 0;
  void on_bytes(std::string_view got) override { bytes += got; }
  void on_end() override {}
  void on_error(int code) override { error = code; }
};

// A stream that is a TLS server, and a client of it that has shaken hands.
struct Pair {
  Loop loop;
  Timer tick{loop, [this] { tick.start(std::chrono::milliseconds(1)); }};  // no turn waits for long
  Recorder owner;
  UniqueFd peer;
  std::unique_ptr<Stream> stream;
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* client = SSL_new(context);

  Pair() {
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    peer.reset(fds[1]);
    stream = Stream::adopt(loop, UniqueFd(fds[0]), owner);
    stream->start_tls(shop_server()->accept());
    SSL_set_fd(client, peer.get());
    tick.start(std::chrono::milliseconds(1));
    for (int turns = 0; turns < 1000 && SSL_connect(client) != 1; ++turns) loop.run_once();
    REQUIRE(SSL_is_init_finished(client) == 1);
  }
  ~Pair() {
    stream.reset();
    SSL_free(client);
    SSL_CTX_free(context);
  }

  void until(const std::function<bool()>& done) {
    for (int turns = 0; turns < 10000 && !done(); ++turns) loop.run_once();
    REQUIRE(done());
  }
  // Asks for new keys, which the other side must answer (RFC 8446 4.6.3); false if there is no
  // room.
  bool update_keys() {
    SSL_key_update(client, SSL_KEY_UPDATE_REQUESTED);
    return SSL_do_handshake(client) == 1;
  }
};

}  // namespace

TEST_CASE("Stream with TLS: key updates are read only as fast as their answers are taken") {
  Pair pair;
  const int small = 4096;
  setsockopt(pair.stream->fd(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  int idle_turns = 0;
  int sent = 0;
  while (idle_turns < 20) {
    REQUIRE_MESSAGE(++sent < 100'000, "all were read though no answer was taken");
    if (pair.update_keys()) {
      idle_turns = 0;
    } else {
      pair.loop.run_once();
      ++idle_turns;
    }
  }
  CHECK(pair.stream->backlog() > Stream::kHighWatermark);
  CHECK(pair.stream->backlog() <= Stream::kHighWatermark + Poller::kReadBufferBytes);

  SUBCASE("the rest is read once they are taken") {
    char bytes[4096];
    pair.until([&] {
      while (recv(pair.peer.get(), bytes, sizeof bytes, 0) > 0) {
      }
      return SSL_do_handshake(pair.client) == 1 && pair.stream->backlog() == 0;
    });
  }
  SUBCASE("a peer that leaves is noticed") {
    pair.peer.reset();
    pair.until([&] { return pair.owner.error != 0; });
  }
}

TEST_CASE("Stream with TLS: handshakes that are ready at once let others have their turn") {
  constexpr unsigned kMany = 20;
  struct Waiting {
    Recorder owner;
    UniqueFd peer;
    SSL* client = nullptr;
    std::unique_ptr<Stream> stream;
    bool is_answered() const {
      char byte;
      return recv(peer.get(), &byte, 1, MSG_PEEK) == 1;
    }
  };
  Loop loop;
  Timer tick{loop, [&] { tick.start(std::chrono::milliseconds(1)); }};
  tick.start(std::chrono::milliseconds(1));
  const auto server = shop_server();
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  std::vector<std::unique_ptr<Waiting>> all;
  for (unsigned i = 0; i < kMany; ++i) {
    auto one = std::make_unique<Waiting>();
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    one->peer.reset(fds[1]);
    one->client = SSL_new(context);
    SSL_set_fd(one->client, fds[1]);
    CHECK(SSL_connect(one->client) == -1);  // its hello is on its way
    one->stream = Stream::adopt(loop, UniqueFd(fds[0]), one->owner);
    one->stream->start_tls(server->accept());
    all.push_back(std::move(one));
  }
  const auto answered = [&] {
    return std::ranges::count_if(all, [](const auto& one) { return one->is_answered(); });
  };
  for (std::ptrdiff_t before = 0, turns = 0; before < kMany; before = answered()) {
    REQUIRE_MESSAGE(++turns < 1000, "some are never answered");
    loop.run_once();
    // A turn has the list of those who waited, and what came meanwhile.
    CHECK(answered() - before <= 2 * kHandshakeStepsPerTurn);
  }
  for (auto& one : all) {
    one->stream.reset();
    SSL_free(one->client);
  }
  SSL_CTX_free(context);
}
