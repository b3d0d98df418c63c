#include "http/websocket_tunnel.h"

#include <doctest/doctest.h>

#include <string>

using namespace tealgate;
using Sender = WebSocketTunnel::Sender;
using namespace std::string_literals;

namespace {

// What has come out at either end.
struct Ends {
  std::string at_client, at_server;
  WebSocketTunnel tunnel;

  void from_server(std::string_view bytes) { add(at_client, tunnel.take(Sender::Server, bytes)); }
  void from_client(std::string_view bytes) { add(at_server, tunnel.take(Sender::Client, bytes)); }
  void close() {
    const WebSocketTunnel::Due due = tunnel.close(0);
    at_client += due.from_server;
    at_server += due.from_client;
  }

 private:
  static void add(std::string& end, const WebSocketTunnel::Step& step) {
    end += step.pass;
    end += step.close;
  }
};

const std::string kHello = "\x81\x05hello", kCloseToClient = "\x88\x02\x03\xe9"s;
const std::string kMaskedHello = "\x81\x85\0\0\0\0hello"s,
                  kCloseToServer = "\x88\x82\0\0\0\0\x03\xe9"s;

}  // namespace

TEST_CASE("WebSocket tunnel: everything passes until it is closed") {
  Ends ends;
  ends.from_server(kHello);
  ends.from_client(kMaskedHello);
  CHECK(ends.at_client == kHello);
  CHECK(ends.at_server == kMaskedHello);
  CHECK(ends.tunnel.can_close());
}

TEST_CASE("WebSocket tunnel: closed between frames, both ends get a Close frame and nothing more") {
  Ends ends;
  ends.close();
  ends.from_server(kHello);
  ends.from_client(kMaskedHello);
  CHECK(ends.at_client == kCloseToClient);
  CHECK(ends.at_server == kCloseToServer);
  CHECK(ends.tunnel.is_closed());
  CHECK_FALSE(ends.tunnel.can_close());
}

TEST_CASE("WebSocket tunnel: the peers' answers are seen and not passed on") {
  Ends ends;
  ends.close();
  ends.from_client(kMaskedHello + kCloseToServer.substr(0, 3));
  CHECK_FALSE(ends.tunnel.has_answered(Sender::Client));
  ends.from_client(kCloseToServer.substr(3));
  CHECK(ends.tunnel.has_answered(Sender::Client));
  CHECK_FALSE(ends.tunnel.has_answered(Sender::Server));
  ends.from_server(kCloseToClient);
  CHECK(ends.tunnel.has_answered(Sender::Server));
  CHECK(ends.at_client == kCloseToClient);
  CHECK(ends.at_server == kCloseToServer);
}

TEST_CASE("WebSocket tunnel: a frame that is under way comes whole before the Close frame") {
  Ends ends;
  ends.from_server(kHello.substr(0, 3));
  ends.close();
  CHECK(ends.at_server == kCloseToServer);
  CHECK(ends.at_client == kHello.substr(0, 3));
  CHECK_FALSE(ends.tunnel.is_closed());
  ends.from_server(kHello.substr(3, 2));
  ends.from_server(kHello.substr(5) + kHello);
  CHECK(ends.at_client == kHello + kCloseToClient);
  CHECK(ends.tunnel.is_closed());
}

TEST_CASE("WebSocket tunnel: a Close frame of the sender's own needs none of ours on its way") {
  Ends ends;
  ends.from_client(kCloseToServer.substr(0, 1));
  ends.close();
  ends.from_client(kCloseToServer.substr(1) + "x");
  CHECK(ends.at_server == kCloseToServer);
  CHECK(ends.at_client == kCloseToClient);
  CHECK(ends.tunnel.has_answered(Sender::Client));
  CHECK(ends.tunnel.is_closed());
}

TEST_CASE("WebSocket tunnel: one that is being closed, or not understood, is left alone") {
  Ends closing, odd, ended;
  closing.from_server(kCloseToClient);
  CHECK_FALSE(closing.tunnel.can_close());
  odd.from_client("not a frame");
  odd.from_client(kMaskedHello);
  CHECK_FALSE(odd.tunnel.can_close());
  CHECK(odd.at_server == "not a frame" + kMaskedHello);
  ended.tunnel.on_end(Sender::Client);
  CHECK_FALSE(ended.tunnel.can_close());
}

TEST_CASE(
    "WebSocket tunnel: a way that turns malformed while it closes ends without a Close frame") {
  Ends ends;
  ends.from_server(kHello.substr(0, 1));
  ends.close();
  ends.from_server("\xffrubbish and more");
  ends.from_server(kHello);
  CHECK(ends.at_client == kHello.substr(0, 1) + "\xffrubbish and more");
  CHECK(ends.tunnel.is_closed());
}
