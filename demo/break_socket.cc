#include "demo/break_socket.h"

#include <fmt/core.h>

#include <utility>

#include "demo/plain_answer.h"
#include "http/client_connection.h"
#include "http/h1_writer.h"

namespace tealgate::demo {

namespace {

// One request on a loop of its own.
class Conversation final : public ClientConnectionOwner {
 public:
  int status = 0;
  std::string body;
  bool over = false;

  void run(const SocketAddress& address, std::string_view target) {
    Loop loop;
    auto connection = ClientConnection::connect(loop, address, *this);
    std::string head;
    append_request_line(head, "POST", target);
    append_field(head, "Host", "localhost");
    append_framing(head, {Framing::Kind::Length, 0});
    append_end_of_head(head);
    connection->send_request(head, "POST", {Framing::Kind::Length, 0});
    while (!over) loop.run_once();
  }

 private:
  void on_response_head(const ResponseHead& head) override { status = head.status; }
  void on_response_body(std::string_view bytes) override { body += bytes; }
  void on_response_end() override { over = true; }
  void on_failure(Failure, std::string_view) override {
    status = 0;
    over = true;
  }
};

}  // namespace

std::string break_socket_path(std::string_view control_socket) {
  return std::string(control_socket.substr(0, control_socket.rfind('/') + 1)) + "demo.sock";
}

BreakSocket::BreakSocket(Loop& loop, UniqueFd fd, SetHealth set_health)
    : set_health_(std::move(set_health)), listener_(loop, std::move(fd), *this, settings_) {}

int BreakSocket::send(const std::string& path, std::string_view verb, const std::string& pool) {
  const Result<SocketAddress> address = SocketAddress::unix_path(path);
  if (!address) {
    fmt::print(stderr, "tealgate: {}\n", address.error().message);
    return 2;
  }
  Conversation conversation;
  conversation.run(*address, fmt::format("/{}/{}", verb, pool));
  if (conversation.status == 0) {
    fmt::print(stderr, "tealgate: no demo answers on {}; start one with `tealgate demo`\n", path);
    return 3;
  }
  fmt::print(conversation.status == 200 ? stdout : stderr, "{}", conversation.body);
  return conversation.status == 200 ? 0 : 2;
}

std::unique_ptr<RequestAnswerer> BreakSocket::on_request(RequestHead&& head,
                                                         ResponseWriter& writer) {
  const std::string_view path = head.path;
  const bool mends = path.starts_with("/mend/");
  if (!mends && !path.starts_with("/break/")) {
    return std::make_unique<PlainAnswer>(writer, 404, "", "unknown path\n");
  }
  const std::string pool(path.substr(path.rfind('/') + 1));
  if (!set_health_(pool, mends)) {
    return std::make_unique<PlainAnswer>(
        writer, 404, "", fmt::format("tealgate: the demo has no pool \"{}\": blue, green\n", pool));
  }
  return std::make_unique<PlainAnswer>(
      writer, 200, "",
      mends ? fmt::format("{} is well again\n", pool)
            : fmt::format("{} answers its health checks with 503 now\n", pool));
}

}  // namespace tealgate::demo
