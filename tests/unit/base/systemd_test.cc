#include "base/systemd.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>

#include "base/listen_socket.h"
#include "base/loop.h"
#include "base/systemd_sockets.h"
#include "unit/temp_folder.h"

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

// A variable of the environment for as long as this lives.
struct Variable {
  Variable(const char* of, const std::string& value) : name(of) { setenv(of, value.c_str(), 1); }
  ~Variable() { unsetenv(name); }
  const char* name;
};

SocketAddress any_port() {
  return *SocketAddress::parse("127.0.0.1:0", SocketAddress::EmptyHost::Loopback);
}

UniqueFd listening() {
  return std::move(listen_tcp(any_port(), 1)->front());
}

}  // namespace

TEST_CASE("systemd: a message is one datagram on NOTIFY_SOCKET, also on an abstract one") {
  const std::string abstract_name = "@tealgate-test-" + std::to_string(getpid());
  const TempFolder folder;
  for (const std::string& name : {abstract_name, folder.file("notify")}) {
    CAPTURE(name);
    const UniqueFd systemd(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(bind(systemd.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    const Variable variable("NOTIFY_SOCKET", name);
    notify_systemd("READY=1\nSTATUS=shop: blue 100 %");
    char message[100];
    const ssize_t got = recv(systemd.get(), message, sizeof message, 0);
    CHECK(std::string_view(message, std::size_t(std::max<ssize_t>(got, 0))) ==
          "READY=1\nSTATUS=shop: blue 100 %");
  }
}

TEST_CASE("systemd: without a NOTIFY_SOCKET, or with one that is no path, nothing happens") {
  notify_systemd("READY=1");
  const Variable variable("NOTIFY_SOCKET", "vsock:2:1234");
  notify_systemd("READY=1");
}

TEST_CASE("systemd: the watchdog is fed at half its time, if it is this process that it watches") {
  CHECK_FALSE(watchdog_interval());
  const Variable time("WATCHDOG_USEC", "30000000");
  CHECK(watchdog_interval() == 15s);
  {
    const Variable pid("WATCHDOG_PID", std::to_string(getpid()));
    CHECK(watchdog_interval() == 15s);
  }
  const Variable pid("WATCHDOG_PID", "1");
  CHECK_FALSE(watchdog_interval());
  for (const char* nonsense : {"", "0", "-1", "x", "1s", "99999999999999999999"}) {
    const Variable bad("WATCHDOG_USEC", nonsense);
    CHECK_FALSE(watchdog_interval());
  }
}

TEST_CASE("systemd: sockets that were meant for another process are left alone") {
  const Variable count("LISTEN_FDS", "2");
  CHECK(take_systemd_sockets().empty());
  const Variable pid("LISTEN_PID", "1");
  CHECK(take_systemd_sockets().empty());
  CHECK(std::getenv("LISTEN_FDS") != nullptr);
}

TEST_CASE("systemd: the variables of taken sockets leave the environment") {
  const Variable pid("LISTEN_PID", std::to_string(getpid()));
  const Variable watchdog("WATCHDOG_PID", std::to_string(getpid()));
  const Variable count("LISTEN_FDS", "0");
  const Variable names("LISTEN_FDNAMES", "");
  CHECK(take_systemd_sockets().empty());
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID"}) {
    CHECK(std::getenv(name) == nullptr);
  }
}

TEST_CASE("SystemdSockets: they are found by address again and again, and may be handed on") {
  Inheritance inheritance;
  UniqueFd fd = listening();
  const SocketAddress address = bound_address(fd);
  inheritance.add({"systemd", "", std::move(fd)});
  inheritance.add({"systemd", "", UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))});
  inheritance.add({"systemd", "", UniqueFd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0))});
  SystemdSockets sockets = SystemdSockets::from_predecessor(inheritance);
  CHECK(sockets.handed().size() == 1);  // the others do not listen
  CHECK(sockets.take(any_port()).empty());
  for (int i = 0; i < 2; ++i) {
    const std::vector<UniqueFd> taken = sockets.take(address);
    REQUIRE(taken.size() == 1);
    CHECK(bound_address(taken.front()) == address);
  }
}

TEST_CASE("spread: each worker gets one, and none is left out") {
  const auto spread_out = [](std::size_t sockets, std::size_t workers) {
    std::vector<UniqueFd> given;
    for (std::size_t i = 0; i < sockets; ++i) given.push_back(listening());
    std::vector<SocketAddress> addresses;
    for (const UniqueFd& fd : spread(std::move(given), workers)) {
      addresses.push_back(bound_address(fd));
    }
    return addresses;
  };
  const auto shared = spread_out(1, 3);
  REQUIRE(shared.size() == 3);
  CHECK((shared[0] == shared[1] && shared[1] == shared[2]));
  const auto uneven = spread_out(2, 3);
  REQUIRE(uneven.size() == 3);
  CHECK((uneven[0] == uneven[2] && !(uneven[0] == uneven[1])));
  CHECK(spread_out(3, 2).size() == 3);
}

TEST_CASE("ListenSocket: an inherited socket leaves the poller, though it stays open elsewhere") {
  Loop loop;
  const UniqueFd kept = listening();
  int number = -1;
  for (int i = 0; i < 2; ++i) {
    UniqueFd copy(dup(kept.get()));
    if (number >= 0) REQUIRE(copy.get() == number);  // else the kernel would not mix them up
    number = copy.get();
    const ListenSocket socket(loop, std::move(copy), [](UniqueFd, const SocketAddress&) {});
  }
}
