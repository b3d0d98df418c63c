// Requests and responses through the whole parser: what is taken, and that cuts change nothing.
#include "http/h1_parser.h"

#include <doctest/doctest.h>

#include "unit/http/parsing.h"

using namespace tealgate;
using Kind = Framing::Kind;

namespace {

constexpr auto kRequests = H1Parser::Role::Requests;
constexpr auto kResponses = H1Parser::Role::Responses;

std::string request(std::string_view fields, std::string_view body = {}) {
  return "POST /p?q=1 HTTP/1.1\r\nHost: a.example\r\n" + std::string(fields) + "\r\n" +
         std::string(body);
}

}  // namespace

TEST_CASE("H1Parser: a small GET is taken apart in place") {
  H1Parser parser(kRequests);
  const std::string bytes =
      "GET /a/b?c=d HTTP/1.1\r\nHost: h.example:8080\r\nX: \t y z \t\r\nE:\r\n\r\nGET";
  RequestHead head;
  const auto step = parser.parse_request_head(bytes, head);
  REQUIRE(step.outcome == H1Parser::HeadStep::Outcome::Complete);
  CHECK(step.consumed == bytes.size() - 3);
  CHECK(head.method == "GET");
  CHECK(head.method.data() == bytes.data());
  CHECK(head.target == "/a/b?c=d");
  CHECK(head.path == "/a/b");
  CHECK(head.query == "c=d");
  CHECK(head.authority == "h.example:8080");
  REQUIRE(head.fields.size() == 3);
  CHECK(head.fields[1].value == "y z");
  CHECK(head.fields[2].value == "");
  CHECK(head.has_field("e"));
  CHECK_FALSE(head.has_field("f"));
  CHECK(head.framing.kind == Kind::None);
  CHECK(head.keep_alive);
  CHECK(head.block.size() == step.consumed);
  CHECK(parser.has_begun());
  const auto body = parser.parse_body("GET");
  CHECK(body.complete);
  CHECK(body.consumed == 0);
  parser.next_message();
  CHECK_FALSE(parser.has_begun());
}

TEST_CASE("H1Parser: a head in pieces is gathered and its views live until the next message") {
  const std::string text = "GET /long HTTP/1.1\r\nHost: h\r\nCookie: c\r\n\r\n";
  H1Parser parser(kRequests);
  RequestHead head;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::string piece(1, text[at]);
    const auto step = parser.parse_request_head(piece, head);
    CHECK(step.consumed == 1);
    CHECK(parser.has_begun());
    CHECK((step.outcome == H1Parser::HeadStep::Outcome::Complete) == (at + 1 == text.size()));
  }
  CHECK(head.path == "/long");
  CHECK(head.field("cookie") == "c");
}

TEST_CASE("H1Parser: a retained head outlives the bytes it came from") {
  std::string text = "GET /a?b HTTP/1.1\r\nHost: h\r\nCookie: c\r\n\r\n";
  H1Parser parser(kRequests);
  RequestHead head;
  parser.parse_request_head(text, head);
  head.retain();
  text.assign(text.size(), 'x');
  const RequestHead moved = std::move(head);
  CHECK(moved.method == "GET");
  CHECK(moved.path == "/a");
  CHECK(moved.query == "b");
  CHECK(moved.authority == "h");
  CHECK(moved.field("Cookie") == "c");
}

TEST_CASE("H1Parser: messages come out the same however the bytes are cut") {
  const std::string requests[] = {
      "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
      "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\nGET /next",
      request("Content-Length: 5\r\n", "hello, this is the rest"),
      request("Transfer-Encoding: chunked\r\n",
              "5;a=\"b\"\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: t\r\n\r\nGET / HTTP/1.1\r\n"),
      "GET / HTTP/1.0\r\n\r\n",
      request("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n", "abcdef"),
      request("Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n",
              "3\r\nabc\r\n0\r\n\r\nrest")};
  for (const std::string& text : requests) {
    CAPTURE(text);
    CHECK(parse_request(text).complete);
    CHECK(is_same_however_cut(kRequests, text));
  }
  const std::string responses[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nrest",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n+",
      "HTTP/1.0 200 OK\r\n\r\nuntil close"};
  for (const std::string& text : responses) {
    CAPTURE(text);
    CHECK(parse_response(text).head_complete);
    CHECK(is_same_however_cut(kResponses, text));
  }
}

TEST_CASE("H1Parser: a chunked body comes without its framing, one view a call") {
  const auto parsed = parse_request(
      request("Transfer-Encoding: Chunked\r\n", "5\r\nhello\r\n1;x\r\n!\r\n0\r\nT: 1\r\n\r\nGET"));
  CHECK(parsed.body == "hello!");
  CHECK(parsed.complete);
  CHECK(parsed.rest == "GET");
  CHECK(parsed.framing.kind == Kind::Chunked);

  H1Parser parser(kRequests);
  RequestHead head;
  parser.parse_request_head(request("Transfer-Encoding: chunked\r\n"), head);
  const std::string body = "2\r\nab\r\n2\r\ncd\r\n";
  const auto first = parser.parse_body(body);
  CHECK(first.data == "ab");
  CHECK(first.data.data() == body.data() + 3);
  CHECK(parser.parse_body(std::string_view(body).substr(first.consumed)).data == "cd");
}

TEST_CASE("H1Parser: bodies of requests with Upgrade are bodies") {
  const auto parsed = parse_request(
      request("Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n",
              "3\r\nabc\r\n0\r\n\r\nGET"));
  CHECK(parsed.body == "abc");
  CHECK(parsed.complete);
  CHECK(parsed.rest == "GET");
}

TEST_CASE("H1Parser: one parser reads message after message") {
  Feeder feeder(kRequests);
  H1Parser parser(kRequests);
  std::string bytes;
  for (int i = 0; i < 3; ++i) {
    bytes += request("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n");
    bytes += "\r\n" + request("Content-Length: 2\r\n", "xy");
  }
  std::string_view rest = bytes;
  for (int i = 0; i < 6; ++i) {
    RequestHead head;
    const auto step = parser.parse_request_head(rest, head);
    REQUIRE(step.outcome == H1Parser::HeadStep::Outcome::Complete);
    rest.remove_prefix(step.consumed);
    std::string body;
    bool complete = false;
    while (!complete) {
      const auto piece = parser.parse_body(rest);
      REQUIRE(piece.failure == Failure::None);
      body += piece.data;
      rest.remove_prefix(piece.consumed);
      complete = piece.complete;
    }
    CHECK(body == (i % 2 == 0 ? "abc" : "xy"));
    parser.next_message();
  }
  CHECK(rest.empty());
}

TEST_CASE("H1Parser: interim heads precede the final one, and 101 is refused") {
  Feeder feeder(kResponses);
  feeder.feed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n");
  feeder.feed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(feeder.interims == std::vector<int>{100, 103});
  CHECK(feeder.message().complete);
  CHECK(parse_response("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n").failure ==
        Failure::BadResponse);
}

TEST_CASE("H1Parser: answers to HEAD, 204 and 304 have no body whatever their fields say") {
  for (const std::string fields : {"Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", ""}) {
    CAPTURE(fields);
    const std::string tail = std::string(fields) + "\r\nnext";
    for (const std::string status :
         {"HTTP/1.1 204 No Content\r\n", "HTTP/1.1 304 Not Modified\r\n"}) {
      const auto parsed = parse_response(status + tail);
      CHECK(parsed.complete);
      CHECK(parsed.rest == "next");
    }
    const auto head = parse_response("HTTP/1.1 200 OK\r\n" + tail, "HEAD");
    CHECK(head.complete);
    CHECK(head.rest == "next");
    CHECK(head.framing.kind == Kind::None);
  }
}

TEST_CASE("H1Parser: a body until close ends with the connection and keeps nothing alive") {
  Feeder feeder(kResponses);
  feeder.feed("HTTP/1.1 200 OK\r\n\r\nabc");
  CHECK_FALSE(feeder.message().complete);
  CHECK_FALSE(feeder.message().keep_alive);
  feeder.finish();
  CHECK(feeder.message().complete);
  CHECK(feeder.message().body == "abc");
}

TEST_CASE("H1Parser: a close inside a message is a failure that says where") {
  const auto closed_after = [](H1Parser::Role role, std::string_view text) {
    Feeder feeder(role);
    feeder.feed(text);
    feeder.finish();
    return feeder.message().failure;
  };
  CHECK(closed_after(kRequests, "GET / HT") == Failure::ClientAbort);
  CHECK(closed_after(kRequests, request("Content-Length: 3\r\n", "ab")) == Failure::ClientAbort);
  CHECK(closed_after(kResponses, "") == Failure::HeadCut);
  CHECK(closed_after(kResponses, "HTTP/1.1 200 O") == Failure::HeadCut);
  CHECK(closed_after(kResponses, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab") ==
        Failure::BodyCut);
  CHECK(closed_after(kResponses,
                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n") ==
        Failure::BodyCut);
}

TEST_CASE("H1Parser: heads, targets and fields beyond their limits are refused by their names") {
  const HeadLimits limits{.head_bytes = 400, .target_bytes = 100, .fields = 4, .trailer_bytes = 50};
  const auto failure_of = [&](const std::string& text) {
    CHECK(is_same_however_cut(kRequests, text, limits));
    return parse_request(text, limits).failure;
  };
  const std::string host = " HTTP/1.1\r\nHost: h\r\n";
  CHECK(failure_of("GET /" + std::string(99, 'a') + host + "\r\n") == Failure::None);
  CHECK(failure_of("GET /" + std::string(100, 'a') + host + "\r\n") == Failure::UriTooLong);
  CHECK(failure_of("GET /" + std::string(300, 'a')) == Failure::UriTooLong);
  CHECK(failure_of("GET /" + std::string(500, 'a') + host + "\r\n") == Failure::UriTooLong);
  CHECK(failure_of("GET /" + host + "A: " + std::string(500, 'a')) == Failure::HeadTooLarge);
  CHECK(failure_of("GET /" + host + "A: " + std::string(500, 'a') + "\r\n\r\n") ==
        Failure::HeadTooLarge);
  CHECK(failure_of("GET /" + host + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n") == Failure::None);
  CHECK(failure_of("GET /" + host + "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n") ==
        Failure::HeadTooLarge);
}

TEST_CASE("H1Parser: a head may have exactly its limit") {
  std::string text = "GET / HTTP/1.1\r\nHost: h\r\nA: ";
  text += std::string(400 - text.size() - 4, 'a') + "\r\n\r\n";
  CHECK(parse_request(text, {.head_bytes = 400}).failure == Failure::None);
  CHECK(parse_request(text, {.head_bytes = 399}).failure == Failure::HeadTooLarge);
  CHECK(is_same_however_cut(kRequests, text, {.head_bytes = 400}));
  CHECK(is_same_however_cut(kRequests, text, {.head_bytes = 399}));
}

TEST_CASE("H1Parser: trailers come with the end of a chunked body, and go with its message") {
  const std::string head = request("Transfer-Encoding: chunked\r\n");
  const auto parsed = parse_request(head + "0\r\nA:  b \r\nC:\r\n\r\nGET");
  CHECK(parsed.complete);
  CHECK(parsed.rest == "GET");
  using Fields = std::vector<std::pair<std::string, std::string>>;
  CHECK(parsed.trailers == Fields{{"A", "b"}, {"C", ""}});
  CHECK(is_same_however_cut(kRequests, head + "0\r\nA:  b \r\nC:\r\n\r\nGET"));
  const auto response =
      parse_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: 1\r\n\r\n");
  CHECK(response.trailers == Fields{{"T", "1"}});

  H1Parser parser(kRequests);
  RequestHead parsed_head;
  parser.parse_request_head(head, parsed_head);
  CHECK(parser.parse_body("0\r\n").consumed == 3);
  CHECK(parser.parse_body("A: b\r\n\r\n").complete);
  CHECK(parser.trailers().size() == 1);
  parser.next_message();
  CHECK(parser.trailers().empty());
}

TEST_CASE("H1Parser: trailers are framing no more, and as many as a head has fields") {
  const std::string head = request("Transfer-Encoding: chunked\r\n");
  const auto parsed = parse_request(head + "0\r\nContent-Length: 5\r\n\r\nhello");
  CHECK(parsed.complete);
  CHECK(parsed.rest == "hello");
  CHECK(parse_request(head + "0\r\nTransfer-Encoding: gzip\r\n\r\n").failure ==
        Failure::BadRequest);
  const HeadLimits limits{.fields = 3};
  CHECK(parse_request(head + "0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits).complete);
  const std::string four = head + "0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n";
  CHECK(parse_request(four, limits).failure == Failure::BadRequest);
  CHECK(is_same_however_cut(kRequests, four, limits));
}

TEST_CASE("H1Parser: chunk extensions and trailers are bounded, plain small chunks are not") {
  const HeadLimits limits{.trailer_bytes = 50};
  const std::string head = request("Transfer-Encoding: chunked\r\n");
  std::string small_chunks;
  for (int i = 0; i < 1000; ++i) small_chunks += "1\r\nx\r\n";
  CHECK(parse_request(head + small_chunks + "0\r\n\r\n", limits).body.size() == 1000);
  const std::string extended = "1;" + std::string(60, 'e') + "\r\nx\r\n0\r\n\r\n";
  CHECK(parse_request(head + extended, limits).failure == Failure::BadRequest);
  CHECK(is_same_however_cut(kRequests, head + extended, limits));
  const std::string trailer = "0\r\nT: " + std::string(60, 't') + "\r\n\r\n";
  CHECK(parse_request(head + trailer, limits).failure == Failure::BadRequest);
  CHECK(is_same_however_cut(kRequests, head + trailer, limits));
  std::string many;
  for (int i = 0; i < 100; ++i) many += "1;aaaaaaaaaaaaaaaaaaaa\r\nx\r\n";
  CHECK(parse_request(head + many, limits).failure == Failure::BadRequest);
  CHECK(is_same_however_cut(kRequests, head + many, limits));
}

TEST_CASE("H1Parser: a dead parser stays dead") {
  H1Parser parser(kRequests);
  RequestHead head;
  CHECK(parser.parse_request_head("GET / HTTP/1.1\r\n\r\n", head).failure == Failure::BadRequest);
  parser.next_message();
  const auto step = parser.parse_request_head("GET / HTTP/1.1\r\nHost: h\r\n\r\n", head);
  CHECK(step.outcome == H1Parser::HeadStep::Outcome::Failed);
  CHECK(step.failure == Failure::BadRequest);
}

TEST_CASE("H1Parser: empty lines before a request are skipped and do not begin it") {
  H1Parser parser(kRequests);
  RequestHead head;
  CHECK(parser.parse_request_head("\r\n\r", head).consumed == 3);
  CHECK_FALSE(parser.has_begun());
  CHECK(parser.parse_request_head("\nG", head).consumed == 2);
  CHECK(parser.has_begun());
  CHECK(parse_request("\r\rGET / HTTP/1.1\r\nHost: h\r\n\r\n").failure == Failure::BadRequest);
  CHECK(parse_request("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n").failure == Failure::BadRequest);
  CHECK(parse_response("\r\nHTTP/1.1 200 OK\r\n\r\n").failure == Failure::BadResponse);
}

TEST_CASE("H1Parser: what is plainly not HTTP fails at its first byte, not at a deadline") {
  CHECK(parse_request("\x16\x03\x01").failure == Failure::BadRequest);
  CHECK(parse_response("SSH-2.0").failure == Failure::BadResponse);
}
