#include "base/stream.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <functional>
#include <string>

#include "base/listen_socket.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/timer.h"

using namespace tealgate;

namespace {

class Recorder : public StreamOwner {
 public:
  std::string bytes;
  int reads = 0;
  bool ended = false, connected = false, blocked = false, drained = false, flushed = false;
  bool dead_while_paused = false;
  int error = 0;
  std::function<void()> after_bytes;

 private:
  void on_connected() override { connected = true; }
  void on_bytes(std::string_view got) override {
    bytes += got;
    ++reads;
    if (after_bytes) after_bytes();
  }
  void on_end() override { ended = true; }
  void on_error(int code) override { error = code; }
  void on_write_blocked() override { blocked = true; }
  void on_write_drained() override { drained = true; }
  void on_flushed() override { flushed = true; }
  void on_dead_while_paused() override { dead_while_paused = true; }
};

// A stream on one end of a socket pair; the test holds the other as plain descriptor.
struct Pair {
  Loop loop;
  Recorder owner;
  UniqueFd peer;
  std::unique_ptr<Stream> stream;

  Pair() {
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    peer.reset(fds[1]);
    stream = Stream::adopt(loop, UniqueFd(fds[0]), owner);
  }

  void until(const std::function<bool()>& done) {
    for (int turns = 0; turns < 10000 && !done(); ++turns) loop.run_once();
    REQUIRE(done());
  }
  void send(std::string_view text) {
    REQUIRE(::send(peer.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }
  std::string receive_some() {
    char buffer[65536];
    const ssize_t got = recv(peer.get(), buffer, sizeof buffer, 0);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : std::string();
  }
};

}  // namespace

TEST_CASE("Stream: what arrives is read, before and after it is watched") {
  Pair pair;
  pair.send("early");
  pair.until([&] { return pair.owner.bytes == "early"; });
  pair.send(" late");
  pair.until([&] { return pair.owner.bytes == "early late"; });
}

TEST_CASE("Stream: data and FIN that arrive together are both seen") {
  Pair pair;
  pair.loop.run_once();
  pair.send("last words");
  pair.peer.reset();
  pair.until([&] { return pair.owner.ended; });
  CHECK(pair.owner.bytes == "last words");
}

TEST_CASE("Stream: while paused nothing is read, and nothing is lost") {
  Pair pair;
  pair.send("a");
  pair.until([&] { return pair.owner.bytes == "a"; });
  pair.stream->pause();
  pair.send("b");
  pair.stream->notify_when_flushed();
  pair.until([&] { return pair.owner.flushed; });
  CHECK(pair.owner.bytes == "a");
  pair.stream->resume();
  pair.until([&] { return pair.owner.bytes == "ab"; });
}

TEST_CASE("Stream: a pause inside on_bytes holds, with more to read") {
  Pair pair;
  const std::string big(Poller::kReadBufferBytes, 'x');
  const int size = 4 << 20;
  setsockopt(pair.peer.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  pair.owner.after_bytes = [&] { pair.stream->pause(); };
  std::size_t sent = 0;
  while (sent < big.size()) {
    const ssize_t now = ::send(pair.peer.get(), big.data() + sent, big.size() - sent, 0);
    if (now < 0) break;
    sent += static_cast<std::size_t>(now);
  }
  pair.until([&] { return pair.owner.reads == 1; });
  const std::size_t first = pair.owner.bytes.size();
  pair.owner.after_bytes = nullptr;
  pair.stream->resume();
  if (first < sent) pair.until([&] { return pair.owner.bytes.size() == sent; });
  CHECK(pair.owner.bytes.size() == sent);
}

TEST_CASE("Stream: writes of one callback keep their order, views and copies mixed") {
  Pair pair;
  const std::string view = "-view-";
  pair.stream->write_copy("copy1");
  pair.stream->write_view(view);
  pair.stream->write_copy("copy2");
  pair.stream->write_copy("copy3");
  pair.stream->notify_when_flushed();
  pair.until([&] { return pair.owner.flushed; });
  CHECK(pair.receive_some() == "copy1-view-copy2copy3");
}

TEST_CASE(
    "Stream: what a timer, a task or a deferred call wrote as a view leaves before the next one "
    "runs") {
  Pair pair;
  std::string text = "first ";
  const auto write = [&] { pair.stream->write_view(text); };
  const auto change = [&] { text = "gone!!"; };
  SUBCASE("timers") {
    Timer one(pair.loop, write), two(pair.loop, change);
    two.start(std::chrono::milliseconds(1));  // a slot's timers run in the reverse order
    one.start(std::chrono::milliseconds(1));
    pair.until([&] { return text == "gone!!"; });
  }
  SUBCASE("mailbox") {
    Mailbox mailbox(pair.loop);
    mailbox.post(write);
    mailbox.post(change);
    pair.until([&] { return text == "gone!!"; });
  }
  SUBCASE("deferred") {
    pair.loop.defer(write);
    pair.loop.defer(change);
    pair.until([&] { return text == "gone!!"; });
  }
  CHECK(pair.receive_some() == "first ");
}

TEST_CASE("Stream: a slow reader blocks the writer, and drains it again without a lost byte") {
  Pair pair;
  std::string expected;
  for (int i = 0; i < 400; ++i) expected += std::string(4096, static_cast<char>('a' + i % 26));
  pair.stream->write_view(expected);
  pair.until([&] { return pair.owner.blocked; });
  CHECK(pair.stream->is_write_blocked());
  pair.stream->notify_when_flushed();
  std::string received;
  while (received.size() < expected.size()) {
    const std::string some = pair.receive_some();
    received += some;
    if (some.empty()) pair.loop.run_once();
  }
  CHECK(received == expected);
  pair.until([&] { return pair.owner.flushed; });
  CHECK(pair.owner.drained);
}

TEST_CASE("Stream: shutdown_write sends FIN after everything that was written") {
  Pair pair;
  pair.stream->write_copy("answer");
  pair.stream->shutdown_write();
  pair.stream->notify_when_flushed();
  pair.until([&] { return pair.owner.flushed; });
  CHECK(pair.receive_some() == "answer");
  char byte;
  CHECK(recv(pair.peer.get(), &byte, 1, 0) == 0);
}

TEST_CASE("Stream: an answer sent before the peer closed is read although our writing failed") {
  Pair pair;
  pair.loop.run_once();
  pair.send("413");
  pair.peer.reset();
  pair.stream->write_copy("more body");
  pair.until([&] { return pair.owner.error != 0 || pair.owner.ended; });
  CHECK(pair.owner.bytes == "413");
}

TEST_CASE("Stream: its owner may destroy it inside on_bytes") {
  Pair pair;
  pair.owner.after_bytes = [&] { pair.stream.reset(); };
  pair.send("x");
  pair.until([&] { return pair.stream == nullptr; });
  CHECK(pair.owner.bytes == "x");
}

TEST_CASE("Stream: connect reports success, and refusal as an error") {
  Loop loop;
  auto sockets = listen_tcp(*SocketAddress::parse("127.0.0.1:0", SocketAddress::EmptyHost::Any), 1);
  REQUIRE(sockets);
  const SocketAddress address = bound_address(sockets->front());
  Recorder owner;
  auto stream = Stream::connect(loop, address, owner);
  while (!owner.connected && owner.error == 0) loop.run_once();
  CHECK(owner.connected);
  stream.reset();
  sockets->front().reset();
  Recorder refused;
  stream = Stream::connect(loop, address, refused);
  while (!refused.connected && refused.error == 0) loop.run_once();
  CHECK(refused.error == ECONNREFUSED);
}

TEST_CASE("Stream: what was written before the connect leaves with it, and unblocks the writer") {
  Loop loop;
  auto sockets = listen_tcp(*SocketAddress::parse("127.0.0.1:0", SocketAddress::EmptyHost::Any), 1);
  REQUIRE(sockets);
  Recorder owner;
  auto stream = Stream::connect(loop, bound_address(sockets->front()), owner);
  stream->write_copy(std::string(Stream::kHighWatermark + 1, 'x'));
  for (int turns = 0; turns < 1000 && !owner.drained; ++turns) loop.run_once();
  CHECK(owner.blocked);
  CHECK(owner.connected);
  CHECK(owner.drained);
  CHECK_FALSE(stream->is_write_blocked());
}

TEST_CASE("listen_tcp: a port that another socket listens on is an error that says so") {
  auto first = listen_tcp(*SocketAddress::parse("127.0.0.1:0", SocketAddress::EmptyHost::Any), 2);
  REQUIRE(first);
  CHECK(first->size() == 2);
  const SocketAddress address = bound_address(first->front());
  const auto second = listen_tcp(address, 1);
  REQUIRE_FALSE(second);
  CHECK(second.error().message == address.to_string() + ": the port is in use by another process");
}
