#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "base/unique_fd.h"
#include "control/cli/conversation.h"

using namespace tealgate;
using namespace tealgate::cli;

namespace {

// A control socket behind which nobody reads: what connects to it waits in its backlog.
class BusySocket {
 public:
  BusySocket() : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    char name[] = "/tmp/tealgate-busy-XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ / "control.sock";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_.get(), 8) == 0);
  }
  ~BusySocket() { std::filesystem::remove_all(folder_); }

  // Reads what came, and says `text`.
  void answer(std::string_view text) {
    accepted_ = UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    char bytes[4096];
    REQUIRE(::read(accepted_.get(), bytes, sizeof bytes) > 0);
    REQUIRE(::write(accepted_.get(), text.data(), text.size()) > 0);
  }
  SocketAddress address() const { return *SocketAddress::unix_path(path_.string()); }

 private:
  std::filesystem::path folder_;
  std::filesystem::path path_;
  UniqueFd listener_;
  UniqueFd accepted_;
};

Request impatient() {
  Request request{"POST", "/v1/reload", "{}", ""};
  request.patience = std::chrono::milliseconds(50);
  return request;
}

}  // namespace

TEST_CASE("Conversation: a socket where nobody answers is unanswered, not a lost connection") {
  BusySocket socket;
  Loop loop;
  Conversation conversation(loop, socket.address(), impatient(), nullptr);
  while (!conversation.is_over()) loop.run_once();
  CHECK(conversation.answer().outcome == Answer::Outcome::Unanswered);
  CHECK(conversation.answer().error.ends_with("control.sock: nothing has come for 50 ms"));
}

TEST_CASE("Conversation: an answer that was begun and not ended is a lost connection") {
  BusySocket socket;
  Loop loop;
  std::string heard;
  Request request = impatient();
  request.patience = std::chrono::seconds(2);
  Conversation conversation(loop, socket.address(), request,
                            [&heard](std::string_view line) { heard = line; });
  loop.run_once();
  socket.answer(
      "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n");
  while (!conversation.is_over()) loop.run_once();
  CHECK(heard == "{}");
  CHECK(conversation.answer().outcome == Answer::Outcome::Lost);
}
