// bench_floor PORT UPSTREAM_PORT: a bare proxy loop that makes the socket calls Tealgate has to
// make, and little else.
//
// One thread, edge-triggered epoll, registered once: one recv an event, head and body in one
// writev, one cache of upstream connections, strict llhttp, heads written anew without their
// Connection fields. It has no deadlines, routing, retries, logs or pipelining; whatever it does
// not expect closes both connections. So it is a floor for measurements, not a product.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/listen.h"
#include "bench/side.h"

namespace tealgate::bench {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;

class Floor {
 public:
  Floor(std::uint16_t port, std::uint16_t upstream_port)
      : listener_(listen_on(port)), epoll_(epoll_create1(0)), upstream_port_(upstream_port) {
    watch(epoll_, listener_, nullptr);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events;
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == nullptr) {
          accept_all();
        } else {
          on_event(*static_cast<Side*>(event.data.ptr), event.events);
        }
      }
      free_dead();
    }
  }

 private:
  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      Side* client = new Side(fd, HTTP_REQUEST);
      client->readable = true;  // TCP_DEFER_ACCEPT: the request is there
      relay(*client);
      if (!client->dead) watch(epoll_, fd, client);
    }
  }

  void on_event(Side& side, std::uint32_t events) {
    if (side.dead) return;
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) side.hung_up = true;
    if ((events & EPOLLIN) != 0) side.readable = true;
    if (!side.unsent.empty()) {
      if (!flush(side)) return;
      if (side.unsent.empty() && side.partner != nullptr) relay(*side.partner);
    }
    if (!side.dead) relay(side);
  }

  // Reads what `side` has and its partner takes.
  void relay(Side& side) {
    while (side.readable && !side.dead) {
      if (side.message_complete && side.is_client()) return;  // its answer comes first
      if (side.partner != nullptr && !side.partner->unsent.empty()) return;
      const ssize_t got = recv(side.fd, buffer_.data(), buffer_.size(), 0);
      if (got < 0 && errno == EAGAIN) {
        side.readable = false;
        return;
      }
      if (got <= 0) return on_end(side);
      const auto bytes = static_cast<std::size_t>(got);
      if (bytes < buffer_.size() && !side.hung_up) side.readable = false;
      if (!forward(side, {buffer_.data(), bytes})) return drop(side);
    }
  }

  void on_end(Side& side) {
    if (!side.is_client() && side.in_body) llhttp_finish(&side.parser);
    if (side.is_client() || !side.message_complete) return drop(side);
    side.partner->close_when_sent = true;
    finish_exchange(side);
  }

  // Parses and sends on; false if that is not possible.
  bool forward(Side& side, std::string_view bytes) {
    std::string_view body = bytes;
    if (!side.in_body) {
      const llhttp_errno_t result = side.parse(bytes);
      if (result == HPE_OK) return true;
      if (result != HPE_PAUSED) return false;
      body.remove_prefix(side.parsed(bytes));
      side.in_body = true;
      if (!finish_head(side)) return false;
    }
    if (!side.message_complete) {
      const llhttp_errno_t result = side.parse(body);
      if (result != HPE_OK && result != HPE_PAUSED) return false;
      if (result == HPE_PAUSED && side.parsed(body) != body.size()) return false;
    }
    if (!send_message(*side.partner, std::exchange(side.head, {}), body)) return false;
    if (side.message_complete && !side.is_client()) finish_exchange(side);
    return true;
  }

  bool finish_head(Side& side) {
    if (side.is_client()) {
      side.close_when_sent = llhttp_should_keep_alive(&side.parser) == 0;
      side.head.append("Via: 1.1 floor\r\n\r\n");
      return join_server(side);
    }
    if (side.partner == nullptr) return false;
    const bool until_close = llhttp_message_needs_eof(&side.parser) != 0 && !side.head_only;
    if (until_close || side.partner->close_when_sent) side.head.append("Connection: close\r\n");
    side.head.append("Via: 1.1 floor\r\n\r\n");
    return true;
  }

  bool join_server(Side& client) {
    Side* server = nullptr;
    if (!cache_.empty()) {
      server = cache_.back();
      cache_.pop_back();
    } else {
      const int fd = connect_to(upstream_port_);
      if (fd < 0) return false;
      server = new Side(fd, HTTP_RESPONSE);
      watch(epoll_, fd, server);
    }
    server->head_only = client.parser.method == HTTP_HEAD;
    server->partner = &client;
    client.partner = server;
    return true;
  }

  void finish_exchange(Side& server) {
    Side& client = *server.partner;
    const bool reusable = client.message_complete && server.message_complete &&
                          llhttp_should_keep_alive(&server.parser) != 0;
    client.partner = nullptr;
    server.partner = nullptr;
    if (reusable) {
      server.begin_message();
      cache_.push_back(&server);
    } else {
      drop(server);
    }
    if (!client.message_complete) return drop(client);
    if (client.close_when_sent) {
      if (client.unsent.empty()) drop(client);
      return;
    }
    client.begin_message();
    relay(client);
  }

  // Head and body in one call; what is not taken is copied.
  bool send_message(Side& to, std::string_view head, std::string_view body) {
    std::size_t sent = 0;
    if (to.unsent.empty()) {
      std::array<iovec, 2> pieces{{{const_cast<char*>(head.data()), head.size()},
                                   {const_cast<char*>(body.data()), body.size()}}};
      const std::size_t skipped = head.empty() ? 1 : 0;
      const int count = static_cast<int>(pieces.size() - skipped) - (body.empty() ? 1 : 0);
      if (count <= 0) return true;
      const ssize_t result = writev(to.fd, pieces.data() + skipped, count);
      if (result < 0 && errno != EAGAIN) return false;
      sent = result < 0 ? 0 : static_cast<std::size_t>(result);
    }
    if (sent < head.size()) to.unsent.append(head.substr(sent));
    const std::size_t of_body = sent > head.size() ? sent - head.size() : 0;
    to.unsent.append(body.substr(of_body));
    return true;
  }

  // False if `to` is gone.
  bool flush(Side& to) {
    const ssize_t sent = send(to.fd, to.unsent.data(), to.unsent.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return true;
    if (sent < 0) {
      drop(to);
      return false;
    }
    to.unsent.erase(0, static_cast<std::size_t>(sent));
    if (to.unsent.empty() && to.close_when_sent && to.partner == nullptr) drop(to);
    return !to.dead;
  }

  // Closes `side` and the partner of its exchange, at the end of the batch: their events may still
  // be in it.
  void drop(Side& side) {
    if (side.dead) return;
    side.dead = true;
    if (!side.is_client() && side.partner == nullptr) std::erase(cache_, &side);
    dead_.emplace_back(&side);
    if (Side* partner = std::exchange(side.partner, nullptr)) {
      partner->partner = nullptr;
      drop(*partner);
    }
  }

  void free_dead() {
    for (const auto& side : dead_) close(side->fd);
    dead_.clear();
  }

  const int listener_;
  const int epoll_;
  const std::uint16_t upstream_port_;
  std::vector<Side*> cache_;
  std::vector<std::unique_ptr<Side>> dead_;
  std::vector<char> buffer_ = std::vector<char>(kBufferBytes);
};

}  // namespace
}  // namespace tealgate::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_floor PORT UPSTREAM_PORT\n");
    return 2;
  }
  namespace bench = tealgate::bench;
  std::signal(SIGPIPE, SIG_IGN);
  bench::Floor(bench::port_of(argv[1]), bench::port_of(argv[2])).run();
}
