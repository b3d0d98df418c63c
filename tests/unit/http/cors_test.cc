// CORS fields in a server's place.
#include "http/cors.h"

#include <doctest/doctest.h>

#include "http/h1_parser.h"

using namespace tealgate;

namespace {

constexpr std::string_view kShop = "https://shop.example";

CorsPolicy policy_of(std::vector<std::string> origins) {
  CorsPolicy::Terms terms;
  terms.origins = std::move(origins);
  return CorsPolicy(terms);
}

std::string answer(const CorsPolicy& policy, std::string_view origin) {
  std::string out;
  policy.append_answer_fields(out, origin);
  return out;
}

bool asks_first(const std::string& line, const std::string& fields) {
  const std::string text = line + "\r\nHost: a\r\n" + fields + "\r\n";
  H1Parser parser(H1Parser::Role::Requests);
  RequestHead head;
  REQUIRE(parser.parse_request_head(text, head).outcome == H1Parser::HeadStep::Outcome::Complete);
  return is_preflight(head);
}

}  // namespace

TEST_CASE("CORS: a declared origin is named, any other gets Vary alone") {
  const CorsPolicy policy = policy_of({std::string(kShop), "https://b.example"});
  CHECK(answer(policy, kShop) ==
        "Access-Control-Allow-Origin: https://shop.example\r\nVary: Origin\r\n");
  CHECK(answer(policy, "https://evil.example") == "Vary: Origin\r\n");
  CHECK(answer(policy, "https://shop.example.evil") == "Vary: Origin\r\n");
  CHECK(answer(policy, "null") == "Vary: Origin\r\n");
  CHECK(answer(policy, "") == "Vary: Origin\r\n");
}

TEST_CASE("CORS: where every origin may, the answer is the same for all") {
  const CorsPolicy policy = policy_of({"*"});
  CHECK(policy.allows("https://anything.example"));
  CHECK(answer(policy, "https://x") == "Access-Control-Allow-Origin: *\r\n");
  CHECK(answer(policy, "") == "Access-Control-Allow-Origin: *\r\n");
}

TEST_CASE("CORS: an answer tells what scripts may read, a preflight what they may send") {
  CorsPolicy::Terms terms;
  terms.origins = {std::string(kShop)};
  terms.methods = {"GET", "PUT"};
  terms.headers = {"X-Token", "Content-Type"};
  terms.expose = {"X-Total"};
  terms.credentials = true;
  terms.max_age = std::chrono::minutes(10);
  const CorsPolicy policy(terms);
  CHECK(answer(policy, kShop) ==
        "Access-Control-Allow-Origin: https://shop.example\r\nVary: Origin\r\n"
        "Access-Control-Allow-Credentials: true\r\nAccess-Control-Expose-Headers: X-Total\r\n");
  CHECK(answer(policy, "https://evil.example") == "Vary: Origin\r\n");
  std::string preflight;
  policy.append_preflight_fields(preflight, kShop);
  CHECK(preflight ==
        "Access-Control-Allow-Origin: https://shop.example\r\nVary: Origin\r\n"
        "Access-Control-Allow-Credentials: true\r\nAccess-Control-Allow-Methods: GET, PUT\r\n"
        "Access-Control-Allow-Headers: X-Token, Content-Type\r\nAccess-Control-Max-Age: 600\r\n");
}

TEST_CASE("CORS: only OPTIONS with an origin and a wished method is a preflight") {
  const std::string origin = "Origin: https://shop.example\r\n";
  const std::string wish = "Access-Control-Request-Method: PUT\r\n";
  CHECK(asks_first("OPTIONS /x HTTP/1.1", origin + wish));
  CHECK_FALSE(asks_first("OPTIONS /x HTTP/1.1", origin));
  CHECK_FALSE(asks_first("OPTIONS /x HTTP/1.1", wish));
  CHECK_FALSE(asks_first("GET /x HTTP/1.1", origin + wish));
}
