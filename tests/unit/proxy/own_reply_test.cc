// In whose name the proxy answers itself, and what that service's rules add.
#include "proxy/own_reply.h"

#include <doctest/doctest.h>

#include "http/h1_parser.h"
#include "unit/upstream/services.h"

using namespace tealgate;
using tealgate::testing::pool;
using tealgate::testing::server;
using tealgate::testing::service;

namespace {

constexpr std::string_view kOrigin = "https://app.example";

std::shared_ptr<ServiceSettings> settings_named(const std::string& name) {
  auto settings = std::make_shared<ServiceSettings>();
  settings->errors.put(400, 599, std::make_shared<const ErrorPage>(name));
  settings->headers.response.set("X-Of", {name});
  settings->headers.response.set("Cache-Control", {"public"});
  settings->headers.response.add("content_type", "image/png");
  return settings;
}

Service service_named(const std::string& name, std::vector<std::string> hosts = {},
                      std::vector<std::string> paths = {}) {
  Service made = service(name, {pool("blue", {server("a")})}, {"blue"});
  made.hosts = std::move(hosts);
  made.paths = std::move(paths);
  auto settings = settings_named(name);
  CorsPolicy::Terms terms;
  terms.origins = {std::string(kOrigin)};
  settings->cors.emplace(terms);
  made.settings = std::move(settings);
  return made;
}

Snapshot snapshot_of(std::vector<Service> services) {
  return Snapshot(1, std::move(services), {}, {ClientLimits(), settings_named("nobody")});
}

// What a request that is refused is answered: the name on its page, and its fields.
struct Answer {
  std::string page;
  std::string fields;
  bool has(std::string_view line) const { return fields.find(line) != std::string::npos; }
};

Answer refused(const Snapshot& snapshot, const std::string& first_lines) {
  const std::string text = first_lines + "Accept: text/html\r\nOrigin: " + std::string(kOrigin) +
                           "\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n";
  H1Parser parser(H1Parser::Role::Requests);
  RequestHead head;
  const H1Parser::HeadStep step = parser.parse_request_head(text, head);
  REQUIRE(step.outcome == H1Parser::HeadStep::Outcome::Failed);
  RefusedRequest refused;
  refused.failure = step.failure;
  refused.detail = step.detail;
  refused.request_id = "id";
  const LocalReply reply = refusal(snapshot, head, refused);
  return {reply.body, reply.fields};
}

Snapshot two_services() {
  return snapshot_of(
      {service_named("shop", {"shop.test"}), service_named("admin", {"shop.test"}, {"/admin"})});
}

}  // namespace

TEST_CASE("Refusal: whose host and path could be read is answered in its service's name") {
  const Answer answer = refused(two_services(), "GET /x HTTP/1.1\r\nHost: shop.test\r\n");
  CHECK(answer.page == "shop");
  CHECK(answer.has("X-Of: shop\r\n"));
  CHECK(answer.has("Access-Control-Allow-Origin: https://app.example\r\n"));
  CHECK(refused(two_services(), "GET /admin HTTP/1.1\r\nHost: SHOP.test:80\r\n").page == "admin");
}

TEST_CASE("Refusal: what fits no service, or could be read in two ways, is nobody's") {
  for (const std::string begin : {"GET / HTTP/1.1\r\nHost: other.test\r\n",
                                  "GET /x/../admin HTTP/1.1\r\nHost: shop.test\r\n"}) {
    CAPTURE(begin);
    const Answer answer = refused(two_services(), begin);
    CHECK(answer.page == "nobody");
    CHECK(answer.has("X-Of: nobody\r\n"));
    CHECK_FALSE(answer.has("Access-Control"));
  }
}

TEST_CASE("Refusal: half a head or half a target names no service") {
  for (const std::string begin :
       {"GET /x HTTP/1.1\r\nHost: shop.test\r\nbad line\r\n",
        "GET /x HTTP/1.1\r\nHost: shop.test\r\nHost: shop.test\r\n",
        "GET /%zz HTTP/1.1\r\nHost: shop.test\r\n", "GET /x HTTP/1.1\r\nHost: shop.test:x\r\n",
        "GET http://shop.test/x HTTP/1.1\r\nHost: other.test\r\n",
        "CONNECT shop.test HTTP/1.1\r\nHost: shop.test\r\n"}) {
    CAPTURE(begin);
    const Answer answer = refused(two_services(), begin);
    CHECK(answer.has("X-Of: nobody\r\n"));
    CHECK_FALSE(answer.has("Access-Control"));
  }
}

TEST_CASE("Refusal: everything belongs to the only service, if it takes any host and path") {
  const std::string malformed = "GET / HTTP/1.1\r\nbad line\r\n";
  CHECK(refused(snapshot_of({service_named("shop")}), malformed).has("X-Of: shop\r\n"));
  CHECK(refused(snapshot_of({service_named("shop", {"a"})}), malformed).has("X-Of: nobody\r\n"));
  CHECK(
      refused(snapshot_of({service_named("shop", {}, {"/x"})}), malformed).has("X-Of: nobody\r\n"));
}

TEST_CASE("Own reply: rules are obeyed but for what tells of the reply itself") {
  const Answer answer = refused(two_services(), "GET /x HTTP/1.1\r\nHost: shop.test\r\n");
  CHECK(answer.has("Cache-Control: no-store\r\n"));
  CHECK_FALSE(answer.has("public"));
  CHECK(answer.has("Content-Type: text/html; charset=utf-8\r\n"));
  CHECK_FALSE(answer.has("image/png"));
}

TEST_CASE("Own reply: a preflight has the rules' fields, too") {
  const Service shop = service_named("shop");
  RequestHead head;
  head.fields = {{"Origin", kOrigin}};
  const LocalReply reply = preflight_reply({head, "id", *shop.settings});
  CHECK(reply.status == 204);
  CHECK(reply.fields.find("X-Of: shop\r\n") != std::string::npos);
  CHECK(reply.fields.find("public") == std::string::npos);
}
