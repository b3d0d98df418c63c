// The Forwarded field (RFC 7239).
#include "http/forwarded_field.h"

#include <doctest/doctest.h>

#include "http/h1_parser.h"

using namespace tealgate;

namespace {

// The value of the one Forwarded line that is sent up.
std::string forwarded(const std::string& fields, const ForwardedFrom& from,
                      const std::string& host = "shop.example") {
  const std::string text = "GET / HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n";
  H1Parser parser(H1Parser::Role::Requests);
  RequestHead head;
  REQUIRE(parser.parse_request_head(text, head).outcome == H1Parser::HeadStep::Outcome::Complete);
  std::string sent;
  append_upstream_request(sent, head, from, {.request_id = "id", .sends_forwarded = true});
  const std::string name = "\r\nForwarded: ";
  const std::size_t at = sent.find(name);
  REQUIRE(at != std::string::npos);
  CHECK(sent.find(name, at + 1) == std::string::npos);
  const std::size_t begin = at + name.size();
  return sent.substr(begin, sent.find("\r\n", begin) - begin);
}

ForwardedFrom untrusted(std::string_view host) {
  return {.host = host};
}
ForwardedFrom trusted() {
  return {.host = "10.0.0.1", .peer_is_trusted = true};
}

}  // namespace

TEST_CASE("Forwarded: tells peer, host and scheme; a stranger's own is dropped") {
  CHECK(forwarded("Forwarded: for=6.6.6.6\r\n", untrusted("192.0.2.1")) ==
        "for=192.0.2.1;host=shop.example;proto=http");
}

TEST_CASE("Forwarded: IPv6 addresses are bracketed and quoted, ports make a host quoted") {
  CHECK(forwarded("", untrusted("2001:db8::1"), "[::1]:80") ==
        "for=\"[2001:db8::1]\";host=\"[::1]:80\";proto=http");
  CHECK(forwarded("", untrusted("1.2.3.4"), "a:81") == "for=1.2.3.4;host=\"a:81\";proto=http");
}

TEST_CASE("Forwarded: a peer without an address is unknown") {
  CHECK(forwarded("", untrusted("unix:")) == "for=unknown;host=shop.example;proto=http");
}

TEST_CASE("Forwarded: what a trusted peer says is kept, and our element comes last") {
  CHECK(forwarded("Forwarded: for=1.1.1.1;proto=https\r\nForwarded: for=2.2.2.2\r\n", trusted()) ==
        "for=1.1.1.1;proto=https, for=2.2.2.2, for=10.0.0.1;host=shop.example;proto=http");
}

TEST_CASE("Forwarded: a trusted peer's X-Forwarded-* count where it has no Forwarded") {
  CHECK(forwarded("X-Forwarded-For: 1.1.1.1:99, 2001:db8::2\r\nX-Forwarded-For: _x\r\n"
                  "X-Forwarded-Proto: https, http\r\nX-Forwarded-Host: www.example\r\n",
                  trusted()) ==
        "for=1.1.1.1;host=www.example;proto=https, for=\"[2001:db8::2]\", for=unknown, "
        "for=10.0.0.1;host=shop.example;proto=http");
}

TEST_CASE("Forwarded: quotes in what a trusted peer says cannot end our quotes") {
  CHECK(forwarded("X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Host: a\";for=\\x\r\n", trusted()) ==
        "for=1.1.1.1;host=\"a\\\";for=\\\\x\", for=10.0.0.1;host=shop.example;proto=http");
}
