#include <doctest/doctest.h>

#include "base/listen_socket.h"
#include "base/loop.h"
#include "base/stream.h"
#include "control/health_checker.h"

using namespace tealgate;

namespace {

// An app on a port of its own that answers every request with the same bytes, or, without any,
// never.
class App {
 public:
  App(Loop& loop, std::string bytes)
      : answer(std::move(bytes)),
        loop_(loop),
        socket_(loop,
                std::move(
                    listen_tcp(
                        *SocketAddress::parse("127.0.0.1:0", SocketAddress::EmptyHost::Loopback), 1)
                        ->front()),
                [this](UniqueFd fd, const SocketAddress&) {
                  ++connections;
                  clients_.push_back(std::make_unique<Client>(*this, std::move(fd)));
                }) {}

  SocketAddress address() const { return socket_.address(); }

  std::string answer;
  std::string last_request;
  unsigned connections = 0;

 private:
  struct Client final : StreamOwner {
    Client(App& of, UniqueFd fd) : app(of), stream(Stream::adopt(of.loop_, std::move(fd), *this)) {}
    void on_bytes(std::string_view bytes) override {
      request.append(bytes);
      if (!request.ends_with("\r\n\r\n") || app.answer.empty()) return;
      app.last_request = request;
      stream->write_copy(app.answer);
      stream->shutdown_write();
    }
    void on_end() override {}
    void on_error(int) override {}
    App& app;
    std::string request;
    std::unique_ptr<Stream> stream;
  };

  Loop& loop_;
  std::vector<std::unique_ptr<Client>> clients_;
  ListenSocket socket_;
};

const char* kGood = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const char* kBad =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 22\r\n\r\ndb: connection refused";

HealthSettings http_check() {
  HealthSettings settings;
  settings.kind = HealthSettings::Kind::Http;
  settings.path = "/health";
  settings.interval = std::chrono::milliseconds(20);
  return settings;
}

HealthSettings check_of(HealthSettings::Kind kind) {
  HealthSettings settings;
  settings.kind = kind;
  settings.interval = std::chrono::milliseconds(20);
  return settings;
}

// One service with one server, and the checker that looks after it.
struct Bench {
  Loop loop;
  HealthChecker checker{loop};
  std::shared_ptr<ServerState> state = std::make_shared<ServerState>(1);
  ServerKey key{"shop", "blue", "app"};
  std::uint64_t generation = 0;

  void sync(const SocketAddress& address, const HealthSettings& health,
            AdminState admin = AdminState::Ready) {
    auto settings = std::make_shared<ServiceSettings>();
    settings->health = health;
    Server server{"app", address.to_string(), address, 1, admin, state};
    Service service;
    service.name = "shop";
    service.hosts = {"*.example.com", "shop.example.com"};
    service.pools = {Pool{"blue", {server}}};
    service.split.entries = {{"blue", std::nullopt}};
    service.settings = settings;
    checker.sync(std::make_shared<Snapshot>(++generation, std::vector<Service>{service},
                                            std::vector<AddressBlock>{}));
  }
  template <class Condition>
  void run_until(Condition condition) {
    while (!condition()) loop.run_once();
  }
  const HealthEvidence& evidence() { return *checker.evidence(key); }
  // A fresh check, waited for.
  const CheckResult& probe() {
    bool done = false;
    auto round = checker.probe({key}, [&] { done = true; });
    run_until([&] { return done; });
    return *evidence().last;
  }
};

SocketAddress closed_port(Loop& loop) {
  App app(loop, "");
  return app.address();
}

}  // namespace

TEST_CASE("HealthChecker: a new server is up after its first pass") {
  Bench bench;
  App app(bench.loop, kGood);
  bench.sync(app.address(), http_check());
  CHECK(bench.state->health() == Health::Unknown);
  bench.run_until([&] { return bench.state->health() == Health::Up; });
  CHECK(bench.evidence().what == "GET /health");
  CHECK(bench.evidence().last->status == 200);
  CHECK(app.last_request.starts_with("GET /health HTTP/1.1\r\nHost: shop.example.com\r\n"));
}

TEST_CASE("HealthChecker: a failing answer is told with status and body, at most 512 bytes") {
  Bench bench;
  App app(bench.loop, kBad);
  bench.sync(app.address(), http_check());
  bench.run_until([&] { return bench.state->health() == Health::Down; });
  CHECK(bench.evidence().last->status == 503);
  CHECK(bench.evidence().last->body == "db: connection refused");

  app.answer = "HTTP/1.1 500 No\r\nConnection: close\r\n\r\n" + std::string(100000, 'x');
  CHECK(bench.probe().body == std::string(512, 'x'));
}

TEST_CASE("HealthChecker: each check is a connection of its own") {
  Bench bench;
  App app(bench.loop, kGood);
  bench.sync(app.address(), http_check());
  bench.run_until([&] { return bench.checker.evidence(bench.key)->streak >= 3; });
  CHECK(app.connections >= 3);
}

TEST_CASE("HealthChecker: rise and fall decide, not the last check") {
  Bench bench;
  App app(bench.loop, kGood);
  HealthSettings settings = http_check();
  settings.fall = 2;
  bench.sync(app.address(), settings);
  bench.run_until([&] { return bench.state->health() == Health::Up; });
  app.answer = kBad;
  bench.run_until([&] { return !bench.evidence().last->ok; });
  if (bench.evidence().streak == 1) CHECK(bench.state->health() == Health::Up);
  bench.run_until([&] { return bench.state->health() == Health::Down; });
  CHECK(bench.evidence().streak >= 2);
}

TEST_CASE("HealthChecker: a refused connection and silence are failures with their own words") {
  Bench bench;
  bench.sync(closed_port(bench.loop), http_check());
  CHECK(bench.probe().error == "connection refused");

  App silent(bench.loop, "");
  HealthSettings settings = http_check();
  settings.timeout = std::chrono::milliseconds(50);
  bench.sync(silent.address(), settings);
  bench.run_until([&] {
    const auto& last = bench.evidence().last;  // none yet of the new address
    return last && last->error == "timed out after 50 ms";
  });
  CHECK(bench.state->health() == Health::Down);
}

TEST_CASE("HealthChecker: status and body can be demanded") {
  Bench bench;
  App app(bench.loop, "HTTP/1.1 401 Who\r\nContent-Length: 4\r\n\r\nfine");
  HealthSettings settings = http_check();
  settings.expect_status = {{401, 401}};
  settings.expect_body = "fine";
  bench.sync(app.address(), settings);
  CHECK(bench.probe().ok);
  settings.expect_body = "finer";
  bench.sync(app.address(), settings);
  CHECK_FALSE(bench.probe().ok);
  CHECK(bench.evidence().last->error == "the answer lacks \"finer\"");
}

TEST_CASE("HealthChecker: an endless answer is read up to its cap") {
  Bench bench;
  App app(bench.loop,
          "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + std::string(200 * 1024, 'x'));
  bench.sync(app.address(), http_check());
  CHECK(bench.probe().ok);
}

TEST_CASE("HealthChecker: a TCP check is a connect") {
  Bench bench;
  App app(bench.loop, "");
  bench.sync(app.address(), check_of(HealthSettings::Kind::Tcp));
  bench.run_until([&] { return bench.state->health() == Health::Up; });
  CHECK(bench.evidence().what == "TCP connect");
  CHECK(bench.evidence().last->status == 0);
}

TEST_CASE(
    "HealthChecker: without a check a server is always up, and a gate connects all the same") {
  Bench bench;
  bench.sync(closed_port(bench.loop), check_of(HealthSettings::Kind::None));
  CHECK(bench.state->health() == Health::Up);
  CHECK(bench.evidence().what == "none");
  CHECK_FALSE(bench.evidence().last.has_value());
  CHECK_FALSE(bench.probe().ok);
  CHECK(bench.evidence().what == "TCP connect");
  CHECK(bench.state->health() == Health::Up);
}

TEST_CASE("HealthChecker: a server in maint is not checked, and must pass again afterwards") {
  Bench bench;
  App app(bench.loop, kGood);
  bench.sync(app.address(), http_check());
  bench.run_until([&] { return bench.state->health() == Health::Up; });
  bench.sync(app.address(), http_check(), AdminState::Maint);
  CHECK(bench.state->health() == Health::Unknown);
  CHECK(bench.probe().ok);
  CHECK(bench.state->health() == Health::Unknown);
  bench.sync(app.address(), http_check());
  CHECK(bench.state->health() == Health::Unknown);
  bench.run_until([&] { return bench.state->health() == Health::Up; });
}

TEST_CASE("HealthChecker: a server that starts up on probation falls with one failure") {
  Bench bench;
  bench.state->set_health(Health::Up);
  bench.sync(closed_port(bench.loop), http_check());
  CHECK(bench.state->health() == Health::Up);
  bench.run_until([&] { return bench.state->health() == Health::Down; });
  CHECK(bench.evidence().streak == 1);
}

TEST_CASE("HealthChecker: what is known stays when the same server is named again") {
  Bench bench;
  App app(bench.loop, kGood);
  bench.sync(app.address(), http_check());
  bench.run_until([&] { return bench.state->health() == Health::Up; });
  WallTime since = bench.evidence().since;
  bench.sync(app.address(), http_check());
  CHECK(bench.evidence().since == since);
  CHECK(bench.evidence().last.has_value());
}

TEST_CASE("HealthChecker: a round's checks begin after the call, and it ends once") {
  Bench bench;
  App app(bench.loop, kGood);
  bench.sync(app.address(), http_check());
  TimePoint called = Clock::now();
  unsigned ended = 0;
  auto round = bench.checker.probe({bench.key, {"shop", "blue", "nobody"}}, [&] { ++ended; });
  CHECK(ended == 0);
  bench.run_until([&] { return ended > 0; });
  CHECK(bench.evidence().last->began >= called);
  bench.run_until([&] { return bench.checker.evidence(bench.key)->streak >= 4; });
  CHECK(ended == 1);
}

TEST_CASE("HealthChecker: a round of nobody known ends too, and a dropped one never") {
  Bench bench;
  App app(bench.loop, kGood);
  bench.sync(app.address(), http_check());
  bool ended = false;
  auto nobody = bench.checker.probe({{"shop", "blue", "nobody"}}, [&] { ended = true; });
  CHECK_FALSE(ended);
  bench.run_until([&] { return ended; });

  bool called = false;
  bench.checker.probe({bench.key}, [&] { called = true; }).reset();
  bench.probe();
  CHECK_FALSE(called);
}

TEST_CASE("HealthChecker: a round ends although its server leaves the snapshot meanwhile") {
  Bench bench;
  App silent(bench.loop, "");
  bench.sync(silent.address(), http_check());
  bool ended = false;
  auto round = bench.checker.probe({bench.key}, [&] { ended = true; });
  bench.checker.sync(std::make_shared<Snapshot>(++bench.generation, std::vector<Service>{},
                                                std::vector<AddressBlock>{}));
  CHECK(bench.checker.evidence(bench.key) == nullptr);
  bench.run_until([&] { return ended; });
}

TEST_CASE("HealthChecker: the end of a round may change what is checked") {
  Bench bench;
  App app(bench.loop, kGood);
  bench.sync(app.address(), http_check());
  bool ended = false;
  auto round = bench.checker.probe({bench.key}, [&] {
    ended = true;
    bench.checker.sync(std::make_shared<Snapshot>(++bench.generation, std::vector<Service>{},
                                                  std::vector<AddressBlock>{}));
  });
  bench.run_until([&] { return ended; });
  CHECK(bench.checker.evidence(bench.key) == nullptr);
}

TEST_CASE("HealthChecker: a round under way asks the new address when its server moves") {
  Bench bench;
  App before(bench.loop, "");
  bench.sync(before.address(), http_check());
  bool ended = false;
  auto round = bench.checker.probe({bench.key}, [&] { ended = true; });
  bench.run_until([&] { return before.connections > 0; });

  App after(bench.loop, kBad);
  bench.state = std::make_shared<ServerState>(1);  // as for a new server
  bench.sync(after.address(), http_check());
  CHECK_FALSE(bench.evidence().last.has_value());
  before.answer = kGood;
  bench.run_until([&] { return ended; });
  CHECK(bench.evidence().last->status == 503);
  CHECK(bench.state->health() == Health::Down);
}

TEST_CASE("HealthChecker: a pass at the old address is not credited to the new one") {
  Bench bench;
  App before(bench.loop, kGood);
  bench.sync(before.address(), http_check());
  bench.probe();
  const unsigned streak = bench.evidence().streak;
  bool ended = false;
  auto round = bench.checker.probe({bench.key}, [&] { ended = true; });
  bench.state = std::make_shared<ServerState>(1);
  bench.sync(closed_port(bench.loop), http_check());
  CHECK(streak > 0);
  CHECK(bench.evidence().streak == 0);
  CHECK(bench.evidence().health == Health::Unknown);
  bench.run_until([&] { return ended; });
  CHECK(bench.evidence().last->error == "connection refused");
}

TEST_CASE("HealthChecker: intervals vary by a tenth, no more") {
  using namespace std::chrono_literals;
  CHECK(HealthChecker::jittered(2s, 0) == 1800ms);
  CHECK(HealthChecker::jittered(2s, 100) == 2000ms);
  CHECK(HealthChecker::jittered(2s, 200) == 2200ms);
  for (std::uint32_t random = 0; random < 100000; random += 37) {
    CHECK(HealthChecker::jittered(2s, random) >= 1800ms);
    CHECK(HealthChecker::jittered(2s, random) <= 2200ms);
  }
}
