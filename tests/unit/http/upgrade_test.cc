// Who may change the protocol of a connection, and what is believed of a 101.
#include "http/upgrade.h"

#include <doctest/doctest.h>

#include "http/h1_parser.h"

using namespace tealgate;

namespace {

const std::vector<std::string> kWebSocket = {"websocket"};

std::string asked(std::string_view fields, const std::vector<std::string>& allowed = kWebSocket,
                  std::string_view line = "GET /chat HTTP/1.1") {
  const std::string text =
      std::string(line) + "\r\nHost: shop.example\r\n" + std::string(fields) + "\r\n";
  H1Parser parser(H1Parser::Role::Requests);
  RequestHead head;
  REQUIRE(parser.parse_request_head(text, head).outcome == H1Parser::HeadStep::Outcome::Complete);
  return std::string(requested_upgrade(head, allowed));
}

H1Parser::HeadStep switched(std::string_view fields, ResponseHead& head,
                            H1Parser::Upgrade upgrade = H1Parser::Upgrade::Asked) {
  static std::string text;
  text = "HTTP/1.1 101 Switching Protocols\r\n" + std::string(fields) + "\r\n";
  H1Parser parser(H1Parser::Role::Responses);
  const auto step = parser.parse_response_head(text, "GET", head, upgrade);
  if (step.outcome == H1Parser::HeadStep::Outcome::Complete) head.retain();
  return step;
}

bool accepted(std::string_view fields) {
  ResponseHead head;
  REQUIRE(switched(fields, head).outcome == H1Parser::HeadStep::Outcome::Complete);
  return accepts_upgrade(head, "websocket");
}

}  // namespace

TEST_CASE("Upgrade: a request asks for it with both fields, in any case, in any list") {
  CHECK(asked("Connection: Upgrade\r\nUpgrade: websocket\r\n") == "websocket");
  CHECK(asked("Connection: keep-alive, upgrade\r\nUpgrade: WebSocket\r\n") == "websocket");
  CHECK(asked("Connection: upgrade\r\nUpgrade: h2c, websocket\r\n") == "websocket");
  CHECK(asked("Upgrade: h2c\r\nUpgrade: websocket\r\nConnection: upgrade\r\n") == "websocket");
}

TEST_CASE("Upgrade: what is not named, not whole or not possible is not asked for") {
  CHECK(asked("Upgrade: websocket\r\n").empty());
  CHECK(asked("Connection: upgrade\r\n").empty());
  CHECK(asked("Connection: upgrade\r\nUpgrade: h2c\r\n").empty());
  CHECK(asked("Connection: upgrade\r\nUpgrade: websocket\r\n", {}).empty());
  CHECK(
      asked("Connection: upgrade\r\nUpgrade: websocket\r\n", kWebSocket, "GET / HTTP/1.0").empty());
  CHECK(asked("Connection: upgrade\r\nUpgrade: websocket\r\n", kWebSocket, "HEAD / HTTP/1.1")
            .empty());
  CHECK(asked("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n").empty());
}

TEST_CASE("Upgrade: an allowed protocol is asked for as the operator spells it") {
  CHECK(asked("Connection: upgrade\r\nUpgrade: TCP\r\n", {"websocket", "tcp"}) == "tcp");
}

TEST_CASE("Upgrade: a 101 must switch to what was asked for, and to nothing else") {
  CHECK(accepted("Connection: Upgrade\r\nUpgrade: WebSocket\r\n"));
  CHECK_FALSE(accepted("Connection: upgrade\r\nUpgrade: h2c\r\n"));
  CHECK_FALSE(accepted("Connection: upgrade\r\nUpgrade: websocket, h2c\r\n"));
  CHECK_FALSE(accepted("Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n"));
  CHECK_FALSE(accepted("Upgrade: websocket\r\n"));
  CHECK_FALSE(accepted("Connection: upgrade\r\n"));
}

TEST_CASE(
    "Upgrade: behind a 101 everything is the tunnel's; without a request for it, nothing is") {
  ResponseHead head;
  CHECK(switched("Connection: upgrade\r\nUpgrade: websocket\r\n", head).outcome ==
        H1Parser::HeadStep::Outcome::Complete);
  CHECK(head.framing.kind == Framing::Kind::UntilClose);
  CHECK_FALSE(head.is_interim());
  CHECK_FALSE(head.keep_alive);
  const auto unasked =
      switched("Connection: upgrade\r\nUpgrade: websocket\r\n", head, H1Parser::Upgrade::NotAsked);
  CHECK(unasked.failure == Failure::BadResponse);
}

TEST_CASE("Upgrade: a 101 with a length is refused, since it hides where the tunnel begins") {
  ResponseHead head;
  for (const std::string_view field :
       {"Content-Length: 5\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n"}) {
    CAPTURE(field);
    CHECK(switched("Connection: upgrade\r\nUpgrade: websocket\r\n" + std::string(field), head)
              .failure == Failure::BadResponse);
  }
}
