#include "http/client_connection.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <functional>
#include <string>

#include "base/listen_socket.h"
#include "base/loop.h"
#include "base/unique_fd.h"

using namespace tealgate;

namespace {

class Recorder : public ClientConnectionOwner {
 public:
  int interims = 0, heads = 0, ends = 0;
  Failure failure = Failure::None;

 private:
  void on_interim(const ResponseHead&) override { ++interims; }
  void on_response_head(const ResponseHead&) override { ++heads; }
  void on_response_body(std::string_view) override {}
  void on_response_end() override { ++ends; }
  void on_failure(Failure what, std::string_view) override { failure = what; }
};

// A connection to a server that the test plays with plain system calls.
struct Server {
  Loop loop;
  Recorder owner;
  UniqueFd listener;
  UniqueFd peer;
  std::unique_ptr<ClientConnection> connection;

  Server() {
    listener.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(listener.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0);
    REQUIRE(listen(listener.get(), 1) == 0);
    connection = ClientConnection::connect(loop, bound_address(listener), owner);
    ask();
    until([this] { return connection->is_connected(); });
    peer.reset(accept(listener.get(), nullptr, nullptr));
    REQUIRE(peer.get() >= 0);
  }

  void ask() { connection->send_request("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", {}); }
  void say(std::string_view text) {
    REQUIRE(::send(peer.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }
  void until(const std::function<bool()>& done) {
    for (int turns = 0; turns < 10000 && !done(); ++turns) loop.run_once();
    REQUIRE(done());
  }
  void answer_and_ask_again() {
    say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    until([this] { return owner.ends == 1; });
    REQUIRE(connection->is_reusable());
    ask();
  }
  Failure close() {
    peer.reset();
    until([this] { return owner.failure != Failure::None; });
    return owner.failure;
  }
};

constexpr std::string_view kHints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";

}  // namespace

TEST_CASE("ClientConnection: a fresh connection closed without a word is ClosedEarly") {
  Server server;
  CHECK(server.close() == Failure::ClosedEarly);
}

TEST_CASE("ClientConnection: a kept connection closed without a word is ClosedWhenReused") {
  Server server;
  server.answer_and_ask_again();
  CHECK(server.close() == Failure::ClosedWhenReused);
}

TEST_CASE("ClientConnection: after a 1xx a close is no keep-alive race, though it was kept") {
  Server server;
  server.answer_and_ask_again();
  server.say(kHints);
  server.until([&] { return server.owner.interims == 1; });
  CHECK(server.close() == Failure::ClosedEarly);
}

TEST_CASE("ClientConnection: a close inside the head is HeadCut, after a 1xx, too") {
  Server server;
  server.say(std::string(kHints) + "HTTP/1.1 2");
  server.until([&] { return server.owner.interims == 1; });
  CHECK(server.close() == Failure::HeadCut);
}

TEST_CASE("ClientConnection: bytes after the end of an answer forbid another request") {
  Server server;
  server.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n");
  server.until([&] { return server.owner.ends == 1; });
  CHECK(!server.connection->is_reusable());
}
