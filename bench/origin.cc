// bench_origin PORT: a very fast origin, so that it and the load generator fit on one core.
//
// Answers any GET with a few fixed bytes, /64k and /10m with that much, and a POST with the same
// few bytes once its body (Content-Length) has come. One thread, edge-triggered epoll. It trusts
// its peers: no chunked bodies, no limits.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/listen.h"

namespace tealgate::bench {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;

std::string answer_of(std::size_t body_bytes) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
         std::to_string(body_bytes) + "\r\n\r\n" + std::string(body_bytes, 'x');
}

struct Connection {
  int fd = -1;
  std::string head;           // of a request that came in pieces
  std::size_t body_left = 0;  // of the upload under way
  std::string_view unsent;
  bool close_wanted = false;
  bool dead = false;
};

class Origin {
 public:
  explicit Origin(std::uint16_t port) : listener_(listen_on(port)), epoll_(epoll_create1(0)) {
    watch(epoll_, listener_, nullptr);
  }

  [[noreturn]] void run() {
    std::vector<epoll_event> events(256);
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == nullptr) {
          accept_all();
        } else {
          on_event(*static_cast<Connection*>(event.data.ptr), event.events);
        }
      }
    }
  }

 private:
  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      auto connection = std::make_unique<Connection>();
      connection->fd = fd;
      watch(epoll_, fd, connection.release());
    }
  }

  // A connection has one event a batch, so it may be freed right after its own.
  void on_event(Connection& connection, std::uint32_t events) {
    if (!connection.unsent.empty()) send_answer(connection, connection.unsent);
    if ((events & EPOLLIN) != 0 && !connection.dead) read_all(connection);
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) connection.dead = true;
    if (!connection.dead) return;
    close(connection.fd);
    delete &connection;
  }

  void read_all(Connection& connection) {
    for (;;) {
      const ssize_t got = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) {
        connection.dead = true;
        return;
      }
      const auto bytes = static_cast<std::size_t>(got);
      take(connection, {buffer_.data(), bytes});
      if (bytes < buffer_.size() || connection.dead) return;
    }
  }

  void take(Connection& connection, std::string_view bytes) {
    while (!bytes.empty() && !connection.dead) {
      if (connection.body_left > 0) {
        const std::size_t piece = std::min(connection.body_left, bytes.size());
        connection.body_left -= piece;
        bytes.remove_prefix(piece);
        if (connection.body_left == 0) send_answer(connection, small_);
      } else if (connection.head.empty()) {
        bytes.remove_prefix(take_head(connection, bytes));
      } else {
        const std::string all = std::exchange(connection.head, {}) + std::string(bytes);
        return take(connection, all);
      }
    }
  }

  // How many bytes the head had; an unfinished one is kept.
  std::size_t take_head(Connection& connection, std::string_view bytes) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
      connection.head = bytes;
      return bytes.size();
    }
    const std::string_view head = bytes.substr(0, end + 4);
    connection.close_wanted = head.find("onnection: close") != std::string_view::npos;
    if (head.starts_with("POST")) {
      connection.body_left = content_length(head);
      if (connection.body_left == 0) send_answer(connection, small_);
    } else if (head.starts_with("GET /64k ")) {
      send_answer(connection, medium_);
    } else if (head.starts_with("GET /10m ")) {
      send_answer(connection, large_);
    } else {
      send_answer(connection, small_);
    }
    return head.size();
  }

  static std::size_t content_length(std::string_view head) {
    static constexpr std::string_view kName = "ontent-length: ";
    auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
    const auto found = std::search(head.begin(), head.end(), kName.begin(), kName.end(), same);
    std::size_t length = 0;
    if (found == head.end()) return length;
    std::from_chars(&*found + kName.size(), head.data() + head.size(), length);
    return length;
  }

  void send_answer(Connection& connection, std::string_view answer) {
    const ssize_t sent = send(connection.fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
      connection.dead = true;
      return;
    }
    connection.unsent = answer.substr(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    if (connection.unsent.empty() && connection.close_wanted) connection.dead = true;
  }

  const int listener_;
  const int epoll_;
  const std::string small_ = answer_of(13);
  const std::string medium_ = answer_of(64 * 1024);
  const std::string large_ = answer_of(10 * 1024 * 1024);
  std::vector<char> buffer_ = std::vector<char>(kBufferBytes);
};

}  // namespace
}  // namespace tealgate::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bench_origin PORT\n");
    return 2;
  }
  tealgate::bench::Origin(tealgate::bench::port_of(argv[1])).run();
}
