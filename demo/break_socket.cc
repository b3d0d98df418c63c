#include "demo/break_socket.h"

#include <fmt/core.h>

#include <optional>
#include <utility>

#include "demo/command.h"
#include "demo/plain_answer.h"

namespace tealgate::demo {

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
  Loop loop;
  std::optional<Command::Answer> answer;
  Command command(loop, *address, [&](const Command::Answer& given) { answer = given; });
  command.send("POST", fmt::format("/{}/{}", verb, pool));
  while (!answer) loop.run_once();
  if (answer->status == 0) {
    fmt::print(stderr, "tealgate: no demo answers on {}; start one with `tealgate demo`\n", path);
    return 3;
  }
  fmt::print(answer->status == 200 ? stdout : stderr, "{}", answer->body);
  return answer->status == 200 ? 0 : 2;
}

std::unique_ptr<RequestAnswerer> BreakSocket::on_request(RequestHead&& head,
                                                         ResponseWriter& writer) {
  const std::string_view path = head.path;
  const bool mends = path.starts_with("/mend/");
  if (!mends && !path.starts_with("/break/")) {
    return std::make_unique<PlainAnswer>(writer, PlainText{404, "", "unknown path\n"});
  }
  const std::string pool(path.substr(path.rfind('/') + 1));
  PlainText text;
  if (!set_health_(pool, mends)) {
    text.status = 404;
    text.body = fmt::format("tealgate: the demo has no pool \"{}\": blue, green\n", pool);
  } else if (mends) {
    text.body = fmt::format("{} is well again\n", pool);
  } else {
    text.body = fmt::format("{} answers its health checks with 503 now\n", pool);
  }
  return std::make_unique<PlainAnswer>(writer, std::move(text));
}

}  // namespace tealgate::demo
