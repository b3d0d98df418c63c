// Heads on their way through: what is removed, kept, overwritten and added.
#include "http/forwarding.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "http/h1_parser.h"

using namespace tealgate;

namespace {

std::vector<AddressBlock> blocks(std::initializer_list<std::string_view> texts) {
  std::vector<AddressBlock> parsed;
  for (const auto text : texts) parsed.push_back(AddressBlock::parse(text).value());
  return parsed;
}

// A request with these fields, which stays valid.
struct Request {
  explicit Request(std::string_view fields, std::string_view line = "GET /a?b HTTP/1.1")
      : text(std::string(line) + "\r\nHost: shop.example\r\n" + std::string(fields) + "\r\n") {
    H1Parser parser(H1Parser::Role::Requests);
    const auto step = parser.parse_request_head(text, head);
    REQUIRE(step.outcome == H1Parser::HeadStep::Outcome::Complete);
    head.retain();
  }

  std::string text;
  RequestHead head;
};

ForwardedFrom untrusted() {
  return {.host = "192.0.2.1"};
}
ForwardedFrom trusted() {
  return {.host = "10.0.0.1", .peer_is_trusted = true};
}

std::string sent_upstream(const RequestHead& head, const ForwardedFrom& from = untrusted()) {
  std::string out;
  append_upstream_request(out, head, from, {.request_id = "id-1"});
  return out;
}

bool has_line(const std::string& head, const std::string& line) {
  return head.find("\r\n" + line + "\r\n") != std::string::npos;
}

bool has_name(const std::string& head, const std::string& name) {
  return head.find("\r\n" + name + ":") != std::string::npos;
}

std::string sent_to_client(const std::string& text, std::string_view method = "GET") {
  H1Parser parser(H1Parser::Role::Responses);
  ResponseHead head;
  const auto step = parser.parse_response_head(text, method, head);
  REQUIRE(step.outcome == H1Parser::HeadStep::Outcome::Complete);
  std::string out = "\r\n";
  append_client_fields(out, head, "id-1");
  return out;
}

}  // namespace

TEST_CASE("Forwarding: a plain request is written anew with what a proxy adds") {
  CHECK(sent_upstream(Request("Accept: */*\r\n").head) ==
        "GET /a?b HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\nX-Forwarded-For: 192.0.2.1\r\n"
        "X-Forwarded-Proto: http\r\nX-Forwarded-Host: shop.example\r\nVia: 1.1 tealgate\r\n"
        "X-Request-Id: id-1\r\n\r\n");
}

TEST_CASE("Forwarding: hop-by-hop fields and those that Connection names stay behind") {
  const std::string sent = sent_upstream(
      Request("Connection: X-Private , keep-alive\r\nConnection: close,x-other\r\nX-Private: 1\r\n"
              "X-OTHER: 2\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\n"
              "Trailer: X\r\nUpgrade: websocket\r\nX-Kept: 3\r\n")
          .head);
  for (const std::string name : {"Connection", "X-Private", "X-OTHER", "Keep-Alive",
                                 "Proxy-Connection", "Trailer", "Upgrade"}) {
    CAPTURE(name);
    CHECK_FALSE(has_name(sent, name));
  }
  CHECK(has_line(sent, "X-Kept: 3"));
}

TEST_CASE("Forwarding: Connection cannot remove Host or what the proxy adds") {
  const std::string sent = sent_upstream(
      Request("Connection: Host, X-Forwarded-For, Via, X-Request-Id, Content-Length\r\n"
              "Content-Length: 3\r\n")
          .head);
  for (const std::string name :
       {"Host", "X-Forwarded-For", "Via", "X-Request-Id", "Content-Length"}) {
    CAPTURE(name);
    CHECK(has_name(sent, name));
  }
}

TEST_CASE("Forwarding: TE goes on as trailers or not at all") {
  CHECK(has_line(sent_upstream(Request("TE: gzip, Trailers\r\n").head), "TE: trailers"));
  CHECK(has_line(sent_upstream(Request("TE: trailers\r\n").head), "Connection: TE"));
  CHECK_FALSE(has_name(sent_upstream(Request("TE: gzip\r\n").head), "TE"));
}

TEST_CASE("Forwarding: framing is written anew, once") {
  const std::string chunked = sent_upstream(Request("Transfer-Encoding: Chunked\r\n").head);
  CHECK(has_line(chunked, "Transfer-Encoding: chunked"));
  CHECK(chunked.find("Chunked") == std::string::npos);
  const std::string length = sent_upstream(Request("Content-Length: 007\r\n").head);
  CHECK(has_line(length, "Content-Length: 7"));
  CHECK(length.find("007") == std::string::npos);
  CHECK(has_line(sent_upstream(Request("Content-Length: 0\r\n").head), "Content-Length: 0"));
}

TEST_CASE("Forwarding: names that a server could fold into ours stay behind") {
  const std::string sent = sent_upstream(
      Request("Content_Length: 5\r\nTransfer_Encoding: chunked\r\nX_Forwarded_For: 1.1.1.1\r\n"
              "X_Real_IP: 1.1.1.1\r\nX-Forwarded_Proto: https\r\nmy_field: 1\r\n")
          .head);
  CHECK(sent.find("1.1.1.1") == std::string::npos);
  CHECK(sent.find("https") == std::string::npos);
  CHECK(sent.find("_Length") == std::string::npos);
  CHECK(sent.find("_Encoding") == std::string::npos);
  CHECK(has_line(sent, "my_field: 1"));
}

TEST_CASE("Forwarding: an untrusted peer cannot say where a request came from") {
  const std::string sent = sent_upstream(
      Request("X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n"
              "X-Forwarded-Port: 1\r\nForwarded: for=1.1.1.1\r\nX-Real-IP: 1.1.1.1\r\n")
          .head);
  CHECK(has_line(sent, "X-Forwarded-For: 192.0.2.1"));
  CHECK(has_line(sent, "X-Forwarded-Proto: http"));
  CHECK(has_line(sent, "X-Forwarded-Host: shop.example"));
  CHECK(sent.find("1.1.1.1") == std::string::npos);
  CHECK(sent.find("evil") == std::string::npos);
  CHECK_FALSE(has_name(sent, "X-Forwarded-Port"));
}

TEST_CASE("Forwarding: what a trusted peer says is kept and appended to") {
  const std::string sent =
      sent_upstream(Request("X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2, 3.3.3.3\r\n"
                            "X-Forwarded-Proto: https\r\nX-Forwarded-Host: www.example\r\n"
                            "X-Forwarded-Port: 443\r\n")
                        .head,
                    trusted());
  CHECK(has_line(sent, "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 3.3.3.3, 10.0.0.1"));
  CHECK(has_line(sent, "X-Forwarded-Proto: https"));
  CHECK(has_line(sent, "X-Forwarded-Host: www.example"));
  CHECK(has_line(sent, "X-Forwarded-Port: 443"));
  CHECK(has_line(sent_upstream(Request("").head, trusted()), "X-Forwarded-Proto: http"));
}

TEST_CASE("Forwarding: the target goes on as it came, an absolute one without its authority") {
  const auto line_of = [](std::string_view line) {
    const std::string sent = sent_upstream(Request("", line).head);
    return sent.substr(0, sent.find("\r\n"));
  };
  CHECK(line_of("GET /a/../%41;x?y=%zz HTTP/1.1") == "GET /a/../%41;x?y=%zz HTTP/1.1");
  CHECK(line_of("GET http://shop.example/a//b?c HTTP/1.1") == "GET /a//b?c HTTP/1.1");
  CHECK(line_of("GET http://shop.example HTTP/1.1") == "GET / HTTP/1.1");
  CHECK(line_of("OPTIONS http://shop.example HTTP/1.1") == "OPTIONS * HTTP/1.1");
  CHECK(line_of("OPTIONS * HTTP/1.1") == "OPTIONS * HTTP/1.1");
  CHECK(line_of("GET http://shop.example?q HTTP/1.1") == "GET /?q HTTP/1.1");
}

TEST_CASE("Forwarding: Host is the absolute target's authority") {
  const Request request("", "GET http://SHOP.example:80/ HTTP/1.1");
  const std::string sent = sent_upstream(request.head);
  CHECK(has_line(sent, "Host: SHOP.example:80"));
  CHECK(sent.find("Host: shop.example\r\n") == std::string::npos);
}

TEST_CASE("Forwarding: Via is appended to, Expect and traceparent go on") {
  const std::string sent = sent_upstream(
      Request("Via: 1.1 other\r\nExpect: 100-continue\r\ntraceparent: 00-1-2-01\r\n").head);
  CHECK(sent.find("Via: 1.1 other\r\n") < sent.find("Via: 1.1 tealgate\r\n"));
  CHECK(has_line(sent, "Expect: 100-continue"));
  CHECK(has_line(sent, "traceparent: 00-1-2-01"));
  CHECK(has_line(sent_upstream(Request("", "GET / HTTP/1.0").head), "Via: 1.0 tealgate"));
}

TEST_CASE(
    "Forwarding: an expectation of HTTP/1.0 stays behind, since its 100 could not be passed on") {
  const Request request("Expect: 100-continue\r\nContent-Length: 1\r\n", "PUT / HTTP/1.0");
  CHECK_FALSE(has_name(sent_upstream(request.head), "Expect"));
}

TEST_CASE("Forwarding: what is sent up is read as the same request again") {
  const Request request("Connection: close, x\r\nX: 1\r\nTransfer-Encoding: chunked\r\nA: b\r\n",
                        "POST http://shop.example/p?q HTTP/1.1");
  const std::string sent = sent_upstream(request.head);
  RequestHead again;
  H1Parser parser(H1Parser::Role::Requests);
  REQUIRE(parser.parse_request_head(sent, again).outcome == H1Parser::HeadStep::Outcome::Complete);
  CHECK(again.path == "/p");
  CHECK(again.authority == "shop.example");
  CHECK(again.framing.kind == Framing::Kind::Chunked);
  CHECK(again.keep_alive);
}

TEST_CASE("Forwarding: a client's address is the peer unless the peer is trusted") {
  const auto networks = blocks({"10.0.0.0/8", "fd00::/8"});
  const auto client = [&](std::string_view fields, const ForwardedFrom& from) {
    return client_address(Request(fields).head, from, networks);
  };
  CHECK(client("X-Forwarded-For: 1.1.1.1\r\n", untrusted()) == "192.0.2.1");
  CHECK(client("", trusted()) == "10.0.0.1");
  CHECK(client("X-Forwarded-For: 1.1.1.1\r\n", trusted()) == "1.1.1.1");
  CHECK(client("X-Forwarded-For: 6.6.6.6, 1.1.1.1,10.0.0.9 , fd00::1\r\n", trusted()) == "1.1.1.1");
  CHECK(client("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 1.1.1.1\r\n", trusted()) == "1.1.1.1");
  CHECK(client("X-Forwarded-For: 10.0.0.7, 10.0.0.8\r\n", trusted()) == "10.0.0.7");
  CHECK(client("X-Forwarded-For: 6.6.6.6, nonsense, 10.0.0.8\r\n", trusted()) == "10.0.0.8");
  CHECK(client("X-Forwarded-For: unknown\r\n", trusted()) == "10.0.0.1");
  CHECK(client("X-Forwarded-For: 1.1.1.1:4711\r\n", trusted()) == "1.1.1.1");
  CHECK(client("X-Forwarded-For: [2001:db8::1]:80\r\n", trusted()) == "2001:db8::1");
  CHECK(client("X-Forwarded-For: 2001:db8::2\r\n", trusted()) == "2001:db8::2");
  CHECK(client("X-Forwarded-For: :80\r\n", trusted()) == "10.0.0.1");
  CHECK(client("X-Forwarded-For: ,\r\n", trusted()) == "10.0.0.1");
}

TEST_CASE("Forwarding: an IPv4 hop written as IPv6 is known by IPv4") {
  CHECK(client_address(Request("X-Forwarded-For: ::ffff:192.0.2.7\r\n").head, trusted(), {}) ==
        "192.0.2.7");
}

TEST_CASE("Forwarding: a request id is passed on if it is harmless, else made") {
  CHECK(request_id(Request("X-Request-Id: abc-1\r\n").head) == "abc-1");
  std::set<std::string> made;
  for (const std::string& given :
       {std::string(), std::string("a b"), std::string("\xe9"), std::string(129, 'x')}) {
    made.insert(request_id(Request("X-Request-Id: " + given + "\r\n").head));
  }
  CHECK(made.size() == 4);
  for (const std::string& id : made) {
    CHECK(id.size() == 32);
    CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
  }
  CHECK(request_id(Request("X-Request-Id: " + std::string(128, 'x') + "\r\n").head).size() == 128);
}

TEST_CASE("Forwarding: a response goes on without what concerns this connection") {
  const std::string sent = sent_to_client(
      "HTTP/1.1 200 OK\r\nConnection: X-Private\r\nX-Private: 1\r\nKeep-Alive: timeout=5\r\n"
      "Transfer-Encoding: chunked\r\nTrailer: T\r\nUpgrade: h2c\r\nSet-Cookie: a\r\n"
      "Set-Cookie: b\r\nX-Request-Id: theirs\r\nVia: 1.0 x\r\n\r\n");
  CHECK(sent ==
        "\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nVia: 1.0 x\r\nVia: 1.1 tealgate\r\n"
        "X-Request-Id: id-1\r\n");
}

TEST_CASE("Forwarding: Content-Length of a response goes on only where there is no body to frame") {
  const std::string tail = "Content-Length: 5\r\n\r\n";
  CHECK_FALSE(has_name(sent_to_client("HTTP/1.1 200 OK\r\n" + tail), "Content-Length"));
  CHECK(has_line(sent_to_client("HTTP/1.1 200 OK\r\n" + tail, "HEAD"), "Content-Length: 5"));
  CHECK(has_line(sent_to_client("HTTP/1.1 304 Not Modified\r\n" + tail), "Content-Length: 5"));
  CHECK_FALSE(has_name(sent_to_client("HTTP/1.1 204 No Content\r\n" + tail), "Content-Length"));
  CHECK_FALSE(has_name(sent_to_client("HTTP/1.1 103 Early Hints\r\n" + tail), "Content-Length"));
}
