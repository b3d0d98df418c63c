// What an operator may change in heads, and what that does to a head on its way.
#include "http/header_rules.h"

#include <doctest/doctest.h>

#include "http/forwarding.h"
#include "http/h1_parser.h"

using namespace tealgate;

namespace {

using enum HeaderRules::Change;
using enum HeaderRules::Side;

bool may(HeaderRules::Side side, HeaderRules::Change change, std::string_view name) {
  return HeaderRules::why_not(side, change, name).empty();
}

std::string sent_up(const std::string& fields, const HeaderRules& rules) {
  const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
  H1Parser parser(H1Parser::Role::Requests);
  RequestHead head;
  REQUIRE(parser.parse_request_head(text, head).outcome == H1Parser::HeadStep::Outcome::Complete);
  std::string out;
  append_upstream_request(out, head, {.host = "192.0.2.1"}, {.request_id = "id", .rules = &rules});
  return out;
}

std::string sent_down(const std::string& text, const HeaderRules& rules) {
  H1Parser parser(H1Parser::Role::Responses);
  ResponseHead head;
  REQUIRE(parser.parse_response_head(text, "GET", head).outcome ==
          H1Parser::HeadStep::Outcome::Complete);
  std::string out = "\r\n";
  append_client_fields(out, head, "id", &rules);
  return out;
}

bool has_line(const std::string& head, const std::string& line) {
  return head.find("\r\n" + line + "\r\n") != std::string::npos;
}

}  // namespace

TEST_CASE("HeaderRules: what frames a message or concerns one connection is nobody's to change") {
  for (const char* name :
       {"Connection", "Content-Length", "content_length", "Transfer-Encoding", "TE", "Trailer",
        "Upgrade", "Keep-Alive", "Proxy-Connection", "", "a b", "a:b", "a\r\nb", "\xc3\xa4"}) {
    CAPTURE(name);
    for (const auto side : {Request, Response}) {
      for (const auto change : {Set, Add, Remove}) CHECK_FALSE(may(side, change, name));
    }
  }
}

TEST_CASE("HeaderRules: what the proxy answers for itself is not to be changed either") {
  for (const char* name : {"Via", "X-Request-Id", "X_Forwarded_For", "Forwarded", "Expect"})
    CHECK_FALSE(may(Request, Set, name));
  for (const char* name : {"Via", "X-Request-Id", "Date"}) CHECK_FALSE(may(Response, Set, name));
  CHECK_FALSE(may(Response, Set, "Host"));
  CHECK(may(Response, Set, "Expect"));
  CHECK(may(Response, Remove, "Server"));
}

TEST_CASE("HeaderRules: Host and the like may be set, but neither doubled nor left out") {
  CHECK(may(Request, Set, "Host"));
  CHECK_FALSE(may(Request, Add, "Host"));
  CHECK_FALSE(may(Request, Remove, "host"));
  CHECK(may(Request, Set, "X-Forwarded-Proto"));
  CHECK(may(Request, Remove, "X-Forwarded-Host"));
  CHECK_FALSE(may(Request, Add, "x_forwarded_proto"));
}

TEST_CASE("HeaderRules: a set field takes the place of what came, however it was spelled") {
  HeaderRules rules;
  rules.set("X-User", {"nobody"});
  const std::string sent = sent_up("x-user: root\r\nX_USER: root\r\nX-Users: 2\r\n", rules);
  CHECK(has_line(sent, "X-User: nobody"));
  CHECK(sent.find("root") == std::string::npos);
  CHECK(has_line(sent, "X-Users: 2"));
}

TEST_CASE("HeaderRules: an added field stands beside what came, a removed one is gone") {
  HeaderRules rules;
  rules.add("X-Tag", "a");
  rules.add("X-Tag", "b");
  rules.remove("Cookie");
  const std::string sent = sent_up("X-Tag: theirs\r\ncookie: secret\r\n", rules);
  CHECK(has_line(sent, "X-Tag: theirs"));
  CHECK(has_line(sent, "X-Tag: a\r\nX-Tag: b"));
  CHECK(sent.find("secret") == std::string::npos);
}

TEST_CASE("HeaderRules: a client's Connection cannot take out what the operator sets") {
  HeaderRules rules;
  rules.set("X-User", {"nobody"});
  CHECK(has_line(sent_up("Connection: X-User\r\nX-User: root\r\n", rules), "X-User: nobody"));
}

TEST_CASE("HeaderRules: a set Host goes to the server, the client's to X-Forwarded-Host") {
  HeaderRules rules;
  rules.set("host", {"inner:8080"});
  const std::string sent = sent_up("", rules);
  CHECK(has_line(sent, "Host: inner:8080"));
  CHECK(sent.find("Host: a\r\n") == sent.find("X-Forwarded-Host: a") + 12);
  CHECK(has_line(sent, "X-Forwarded-Host: a"));
}

TEST_CASE("HeaderRules: X-Forwarded-Proto can be set, once") {
  HeaderRules rules;
  rules.set("X-Forwarded-Proto", {"https"});
  const std::string sent = sent_up("", rules);
  CHECK(has_line(sent, "X-Forwarded-Proto: https"));
  CHECK(sent.find("X-Forwarded-Proto: http\r\n") == std::string::npos);
}

TEST_CASE("HeaderRules: of a 1xx fields are taken out, but nothing is put into it") {
  HeaderRules rules;
  rules.set("X-Frame-Options", {"DENY"});
  rules.remove("X-Inner");
  const std::string fields = "X-Inner: 1\r\nX-Kept: 2\r\n\r\n";
  const std::string hints = sent_down("HTTP/1.1 103 Early Hints\r\n" + fields, rules);
  CHECK(has_line(hints, "X-Kept: 2"));
  CHECK(hints.find("X-Inner") == std::string::npos);
  CHECK(hints.find("DENY") == std::string::npos);
  CHECK(has_line(sent_down("HTTP/1.1 200 OK\r\n" + fields, rules), "X-Frame-Options: DENY"));
}

TEST_CASE("HeaderRules: all names with a common beginning are taken out") {
  HeaderRules rules;
  CHECK(rules.is_empty());
  rules.remove_all("access-control-");
  CHECK_FALSE(rules.is_empty());
  CHECK(rules.takes_out("Access-Control-Allow-Origin"));
  CHECK(rules.takes_out("ACCESS_CONTROL_MAX_AGE"));
  CHECK_FALSE(rules.takes_out("Access-Key"));
}

TEST_CASE(
    "HeaderRules: our own replies get what is true of them: not a server's content or storage") {
  HeaderRules rules;
  rules.set("Strict-Transport-Security", {"max-age=1"});
  rules.add("Content-Security-Policy", "default-src 'self'");
  for (const char* name : {"Cache-Control", "content_encoding", "ETag", "Retry-After", "Age"})
    rules.set(name, {"theirs"});
  CHECK(rules.lines_for_own_replies() ==
        "Strict-Transport-Security: max-age=1\r\nContent-Security-Policy: default-src 'self'\r\n");
}
