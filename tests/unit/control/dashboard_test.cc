#include "control/dashboard.h"

#include <fmt/ranges.h>

#include <set>

#include "control/page_assets.h"
#include "unit/control/api_vocabulary.h"

using namespace tealgate;
using namespace tealgate::api_test;
using namespace std::chrono_literals;

namespace {

SocketAddress peer(const std::string& host) {
  return *SocketAddress::parse(host + ":1234", SocketAddress::EmptyHost::Any);
}

DashboardConfig with_tokens() {
  DashboardConfig config;
  config.written = "gate.example.com:9180";
  config.hosts = {"board.example.com"};
  config.tokens = {{"ci", Role::Deployer, sha256("may-release"), std::vector<std::string>{"shop"}},
                   {"ann", Role::Admin, sha256("may-everything"), {}}};
  return config;
}

// A door, those who come to it, and the time.
struct Street {
  using Reading = DashboardDoor::Reading;
  DashboardConfig config = with_tokens();
  DashboardDoor door{config.written};
  Reading reading = Reading::TakesToken;
  TimePoint now = TimePoint() + 1h;

  auto comes(const std::string& authorization, const std::string& from = "10.0.0.1") {
    DashboardDoor::Visitor visitor{peer(from), "10.0.0.9:9180"};
    if (!authorization.empty()) visitor.authorization = authorization;
    return door.enter(config, reading, visitor, now);
  }
  auto comes_to(std::string_view host, std::optional<std::string_view> origin = {}) {
    return door.enter(config, reading, {peer("10.0.0.1"), host, origin}, now);
  }
  // 0: let in.
  int status(const std::string& authorization, const std::string& from = "10.0.0.1") {
    const auto entry = comes(authorization, from);
    return entry ? 0 : entry.error().answer.status;
  }
  void guess(int times, const std::string& from = "10.0.0.1") {
    for (int i = 0; i < times; ++i) CHECK(status("Bearer guess", from) == 401);
  }
};

const std::string kRight = "Bearer may-release";

PageAnswer asset(std::string_view accept_encoding, std::string_view if_none_match = "") {
  return answer_with(*find_page_asset("/assets/app.js"), {accept_encoding, if_none_match});
}

std::string tag_of(const PageAnswer& answer) {
  const std::size_t begin = answer.fields.find('"');
  return answer.fields.substr(begin, answer.fields.find('"', begin + 1) + 1 - begin);
}

}  // namespace

TEST_CASE("Dashboard: it answers to its own names and nobody else's") {
  for (const char* host : {"127.0.0.1", "127.0.0.1:9180", "[::1]:9180", "localhost", "LOCALHOST:1",
                           "10.1.2.3:80", "gate.example.com:9180", "Gate.Example.com"}) {
    CAPTURE(host);
    CHECK(is_own_host(host, "gate.example.com:9180"));
  }
  for (const char* host : {"", "evil.example.com", "localhost.evil.com", "127.0.0.1.evil.com:9180",
                           "gate.example.com.evil.com"}) {
    CAPTURE(host);
    CHECK_FALSE(is_own_host(host, "gate.example.com:9180"));
  }
  CHECK(is_own_origin("http://127.0.0.1:9180", "127.0.0.1:9180"));
  CHECK_FALSE(is_own_origin("http://evil.example.com", "127.0.0.1:9180"));
  CHECK_FALSE(is_own_origin("null", "127.0.0.1:9180"));
}

TEST_CASE("Dashboard: its names may be added to") {
  Street street;
  CHECK(street.comes_to("board.example.com:9180"));
  CHECK(street.comes_to("Board.example.com", "http://board.example.com"));
  CHECK_FALSE(street.comes_to("evil.example.com"));
  CHECK_FALSE(street.comes_to("board.example.com", "http://evil.example.com"));
}

TEST_CASE("Dashboard: who shows no token may read where reading is free, and is nobody elsewhere") {
  Street street;
  CHECK(street.comes("")->access.role == Role::None);
  CHECK(street.comes("")->access.knows_tokens);
  street.reading = Street::Reading::Free;
  CHECK(street.comes("")->access.role == Role::Viewer);
  CHECK(street.comes("")->caller.by == "10.0.0.1:1234");
  CHECK(street.comes("")->caller.token.empty());
}

TEST_CASE("Dashboard: a token gives its role, its services and its name") {
  Street street;
  const auto ci = street.comes(kRight);
  REQUIRE(ci);
  CHECK(ci->access.role == Role::Deployer);
  CHECK(ci->access.services == std::vector<std::string>{"shop"});
  CHECK(ci->caller.by == "ci");
  CHECK(ci->caller.token == "ci");
  CHECK(street.comes("bearer  may-everything")->access.role == Role::Admin);
}

TEST_CASE("Dashboard: what is no token of the config is a 401 that says what is wanted") {
  Street street;
  street.reading = Street::Reading::Free;
  for (const char* shown : {"Bearer", "Bearer ", "Basic Y2k6bWF5", "may-release", "Bearer may"}) {
    CAPTURE(shown);
    const auto refused = street.comes(shown);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().answer.status == 401);
    CHECK(refused.error().answer.fields == "WWW-Authenticate: Bearer\r\n");
    CHECK(refused.error().answer.error.message.find("may") == std::string::npos);
  }
}

TEST_CASE("Dashboard: after five wrong tokens in a minute none is looked at, right ones neither") {
  Street street;
  street.guess(4);
  street.now += 20s;
  CHECK(street.status(kRight) == 0);
  street.guess(1);
  CHECK(street.status("Bearer guess") == 429);
  CHECK(street.comes(kRight).error().answer.fields == "Retry-After: 40\r\n");
  CHECK(street.status("") == 0);  // the page goes on
  CHECK(street.status(kRight, "10.0.0.2") == 0);
  street.now += 40s;
  CHECK(street.status(kRight) == 0);
  street.guess(4);
  CHECK(street.status(kRight) == 429);  // the fifth was 40 s ago
  street.now += 20s;
  CHECK(street.status(kRight) == 0);
}

TEST_CASE("Dashboard: an IPv6 customer has one network, and guesses as one") {
  Street street;
  for (int i = 1; i <= 5; ++i) street.guess(1, "[2001:db8::" + std::to_string(i) + "]");
  CHECK(street.status(kRight, "[2001:db8::ffff]") == 429);
  CHECK(street.status(kRight, "[2001:db8:0:1::1]") == 0);
}

TEST_CASE("Dashboard: of those who guess no more than so many are remembered") {
  TokenGuesses guesses;
  TimePoint now = TimePoint() + 1h;
  for (unsigned i = 0; i < TokenGuesses::kAddresses + 100; ++i) {
    guesses.add(peer(fmt::format("10.{}.{}.{}", i >> 16, i >> 8 & 255, i & 255)), now);
    now += 1ms;
  }
  CHECK(guesses.addresses() == TokenGuesses::kAddresses);
  now += 2min;
  guesses.add(peer("10.200.0.1"), now);
  CHECK(guesses.addresses() == 1);
}

TEST_CASE("Dashboard: it reads and changes nothing") {
  Served served;
  auto address = *SocketAddress::parse("127.0.0.1:0", SocketAddress::EmptyHost::Loopback);
  const DashboardConfig config{"127.0.0.1:0", address, {}, {}, {}};
  auto dashboard = Dashboard::adopt(
      served.deploy.loop, std::move(listen_tcp(address, 1)->front()),
      [&]() -> const DashboardConfig& { return config; }, served.api);
  auto ask = [&](const cli::Request& request) {
    cli::Conversation conversation(served.deploy.loop, dashboard->address(), request, nullptr);
    served.deploy.until([&] { return conversation.is_over(); });
    return conversation.answer();
  };
  CHECK(ask({"GET", "/v1/status", "", ""}).status == 200);
  const cli::Answer refused = ask({"POST", "/v1/reload", "{}", ""});
  CHECK(refused.status == 403);
  CHECK(Json::parse(refused.body)["error"]["exit"] == 8);
}

TEST_CASE("Dashboard: every file of the page has its path, and no path is without its file") {
  std::set<std::string> files, paths;
  for (const PageAsset& each : page_assets()) {
    CAPTURE(std::string(each.path));
    files.insert("GET " + std::string(each.path));
    CHECK(each.sha256 == fmt::format("{:02x}", fmt::join(sha256(each.plain), "")));
    CHECK(each.gzipped.starts_with("\x1f\x8b"));
    CHECK(content_type_of(each.name) != "application/octet-stream");
  }
  for (const Api::Endpoint& each : Api::endpoints())
    if (each.name == "GET /" || each.name.starts_with("GET /assets/")) paths.insert(each.name);
  CHECK(files == paths);
}

TEST_CASE("Dashboard: a file goes gzipped to who accepts that") {
  for (const char* accepts : {"gzip", "br, GZip;q=0.5", "deflate,gzip;q=1.0"}) {
    CAPTURE(accepts);
    CHECK(asset(accepts).fields.find("Content-Encoding: gzip\r\n") != std::string::npos);
    CHECK(asset(accepts).body == find_page_asset("/assets/app.js")->gzipped);
  }
  for (const char* accepts : {"", "br", "gzip;q=0", "gzip; q=0.0, br", "xgzip"}) {
    CAPTURE(accepts);
    CHECK(asset(accepts).fields.find("Content-Encoding") == std::string::npos);
    CHECK(asset(accepts).body == find_page_asset("/assets/app.js")->plain);
  }
}

TEST_CASE("Dashboard: who has a file already is not sent it again") {
  const std::string plain = tag_of(asset("")), gzipped = tag_of(asset("gzip"));
  CHECK(plain != gzipped);
  CHECK(asset("", plain).status == 304);
  CHECK(asset("", plain).body.empty());
  CHECK(asset("", "\"old\", W/" + plain).status == 304);
  CHECK(asset("", "*").status == 304);
  CHECK(asset("gzip", gzipped).status == 304);
  CHECK(asset("gzip", plain).status == 200);
  CHECK(asset("", "\"old\"").status == 200);
}
