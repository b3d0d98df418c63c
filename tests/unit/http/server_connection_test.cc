// What becomes of a client that does not take the end of its answer.
#include "http/server_connection.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <functional>
#include <string>

#include "base/listen_socket.h"
#include "base/loop.h"
#include "base/timer.h"
#include "base/unique_fd.h"

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

struct Outcome {
  int done = 0;
  Failure failure = Failure::None;
  std::string detail;
};

// Says all of its answer at once.
class Answerer final : public RequestAnswerer {
 public:
  Answerer(ResponseWriter& writer, std::string_view body, Outcome& outcome)
      : writer_(writer), body_(body), outcome_(outcome) {}

 private:
  void on_body(std::string_view) override {}
  void on_body_end() override {
    writer_.send_head({.framing = {Framing::Kind::Length, body_.size()}});
    writer_.send_body(body_);
    writer_.end({});
  }
  void on_client_failure(Failure failure, std::string_view detail) override {
    outcome_.failure = failure;
    outcome_.detail = detail;
  }
  void on_response_done() override { ++outcome_.done; }

  ResponseWriter& writer_;
  std::string_view body_;
  Outcome& outcome_;
};

// `requests`, one behind the other, each answered with a body of that size.
struct Load {
  int requests = 1;
  std::size_t body = 60'000;  // below the watermark: only the end waits
};

// A connection whose client is played with plain system calls, over sockets that hold little of an
// answer.
class Answering : RequestHandler, ServerConnectionOwner {
 public:
  explicit Answering(std::uint64_t rate, const Load& load = {}) : load_(load) {
    settings_.write = 1s;
    settings_.response_rate = rate;
    UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    shrink(listener, SO_SNDBUF);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(listener.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0);
    REQUIRE(listen(listener.get(), 1) == 0);
    client_.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    shrink(client_, SO_RCVBUF);
    const SocketAddress address = bound_address(listener);
    REQUIRE(connect(client_.get(), address.raw(), address.size()) == 0);
    UniqueFd accepted(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    REQUIRE(accepted.is_open());
    RequestHandler& handler = *this;
    ServerConnectionOwner& owner = *this;
    connection_ = std::make_unique<ServerConnection>(loop_, std::move(accepted), address, handler,
                                                     settings_, owner);
    std::string requests;
    for (int i = 0; i < load.requests; ++i) requests += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    REQUIRE(send(client_.get(), requests.data(), requests.size(), 0) ==
            static_cast<ssize_t>(requests.size()));
  }

  // The client takes up to `bytes` a tick until all is over.
  const Outcome& take(std::size_t bytes) {
    bite_.resize(bytes);
    tick_.start(1ms);
    while (outcome_.done < load_.requests && outcome_.failure == Failure::None) loop_.run_once();
    return outcome_;
  }

 private:
  static void shrink(const UniqueFd& fd, int buffer) {
    const int size = 4096;
    setsockopt(fd.get(), SOL_SOCKET, buffer, &size, sizeof size);
  }
  std::unique_ptr<RequestAnswerer> on_request(RequestHead&&, ResponseWriter& writer) override {
    return std::make_unique<Answerer>(writer, body_, outcome_);
  }
  void on_connection_closed(ServerConnection&) override {}
  void on_tick() {
    if (!bite_.empty()) recv(client_.get(), bite_.data(), bite_.size(), MSG_DONTWAIT);
    tick_.start(1ms);
  }

  Loop loop_;
  Timer tick_{loop_, [this] { on_tick(); }};
  std::string bite_;
  ServerConnectionSettings settings_;
  const Load load_;
  std::string body_ = std::string(load_.body, 'x');
  Outcome outcome_;
  UniqueFd client_;
  std::unique_ptr<ServerConnection> connection_;
};

}  // namespace

TEST_CASE("ServerConnection: the end of an answer that nobody takes is a stall") {
  Answering answering(0);
  const Outcome& outcome = answering.take(0);
  CHECK(outcome.failure == Failure::ClientStalled);
  CHECK(outcome.detail == "the client does not take its answer");
}

TEST_CASE("ServerConnection: the end of an answer must be taken at the rate") {
  Answering answering(1 << 20);
  const Outcome& outcome = answering.take(256);
  CHECK(outcome.failure == Failure::ClientStalled);
  CHECK(outcome.detail.find("limits.response_rate") != std::string::npos);
}

TEST_CASE("ServerConnection: who takes the end slowly, but fast enough, gets it") {
  Answering answering(100);
  CHECK(answering.take(256).failure == Failure::None);
}

TEST_CASE("ServerConnection: small answers are not taken more slowly than a large one") {
  const Outcome outcome = Answering(1 << 20, {.requests = 400, .body = 200}).take(256);
  CHECK(outcome.failure == Failure::ClientStalled);
  CHECK(outcome.detail.find("limits.response_rate") != std::string::npos);
  CHECK(outcome.done > 1);
}
