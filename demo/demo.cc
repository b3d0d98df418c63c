#include "demo/demo.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/unique_fd.h"
#include "demo/break_socket.h"
#include "demo/stage.h"

namespace tealgate::demo {

namespace {

// Of "demo". It is known to everybody, so it gives what does no harm: traffic moves between toys.
constexpr const char* kTokenHash =
    "2a97516c354b68848cdbd8f54a226a0a55b21ed138e207ad6c5cbb9c00aa5aea";

// A folder of our own for sockets, config, state and log; gone with the demo.
class Folder {
 public:
  Folder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "tealgate-demo-XXXXXX").string();
    if (mkdtemp(pattern.data())) path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  std::string file(const char* name) const { return path_ + "/" + name; }
  bool exists() const { return !path_.empty(); }

 private:
  std::string path_;
};

std::string default_socket() {
  return fmt::format("{}/tealgate-demo-{}/control.sock",
                     std::filesystem::temp_directory_path().string(), getuid());
}

std::string config_text(const Stage& stage, const Folder& folder, const std::string& socket,
                        std::uint16_t port) {
  return fmt::format(R"(version: 1
listen: "127.0.0.1:{}"
services:
  demo:
    health: {{path: /health, interval: 500ms, fall: 2}}
    pools:
      blue: [{}]
      green: [{}]
    initial: blue
logs: {{ access: "{}" }}
control:
  socket: "{}"
  state: "{}"
  dashboard: {{address: "127.0.0.1:0", tokens: [{{name: demo, role: deployer, sha256: "{}"}}]}}
)",
                     port, fmt::join(stage.servers("blue"), ", "),
                     fmt::join(stage.servers("green"), ", "), folder.file("access.log"), socket,
                     folder.file("state"), kTokenHash);
}

// What happens by itself, in one sentence each.
std::string plot(const DemoArguments& arguments) {
  std::string plot;
  const auto seconds = [](Duration every) {
    return std::chrono::duration_cast<std::chrono::seconds>(every).count();
  };
  if (arguments.traffic) plot += "Fourteen clients send requests without pause. ";
  if (arguments.release_every) {
    plot += fmt::format("Every {} s there is a release. ", seconds(*arguments.release_every));
  }
  if (arguments.break_every) {
    plot += fmt::format("Every {} s a server falls ill. ", seconds(*arguments.break_every));
  }
  return plot;
}

void print_invitation(const SocketAddress& proxy, const std::string& dashboard,
                      const DemoArguments& arguments) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string socket = arguments.socket.empty() ? default_socket() : arguments.socket;
  fmt::print(
      R"(The proxy listens on http://{0}/ ; two pools of two small servers stand behind it, blue serves.
{1}
The dashboard is at {2} ; to act there, sign in with the token "demo".
Or copy these into a second terminal, one after the other:

  1. a release:    {3} switch green --socket {4}
  2. and back:     {3} rollback --socket {4}
  3. a bad build:  {3} demo break green --socket {4}; {3} switch green --socket {4}

Ctrl-C ends the demo.

)",
      proxy.to_string(), plot(arguments), dashboard, program, socket);
  std::fflush(stdout);
}

// Made if it is not there. Anybody may make a folder of this name in /tmp.
Result<void> demand_own_folder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return error("cannot make the folder {}: {}", path, std::strerror(errno));
  }
  struct stat status {};
  const bool is_ours = lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
                       status.st_uid == geteuid() && (status.st_mode & 022) == 0;
  if (is_ours) return {};
  return error("{} is no folder of yours alone; name another place with --socket PATH", path);
}

bool is_demo_running(const std::string& break_socket) {
  const Result<SocketAddress> address = SocketAddress::unix_path(break_socket);
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return address && connect(fd.get(), address->raw(), address->size()) == 0;
}

int say(const std::string& sentence) {
  fmt::print(stderr, "tealgate demo: {}\n", sentence);
  return 1;
}

}  // namespace

int run_demo(const DemoArguments& arguments, const RunDaemon& run_daemon) {
  const std::string socket = arguments.socket.empty() ? default_socket() : arguments.socket;
  const std::string break_socket = break_socket_path(socket);
  if (arguments.socket.empty()) {
    const auto folder = demand_own_folder(std::filesystem::path(socket).parent_path().string());
    if (!folder) return say(folder.error().message);
  }
  if (arguments.action != DemoArguments::Action::Run) {
    const bool mends = arguments.action == DemoArguments::Action::Mend;
    return BreakSocket::send(break_socket, mends ? "mend" : "break", arguments.pool);
  }
  if (is_demo_running(break_socket)) {
    return say(fmt::format(
        "a demo runs already on {}; end it, or give this one a --socket of its own", socket));
  }
  const Folder folder;
  if (!folder.exists()) return say("cannot make a folder for temporary files");
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(socket).parent_path(), failed);
  std::filesystem::create_directories(folder.file("state"), failed);
  if (failed) return say(fmt::format("cannot make the folder of {}", socket));
  auto stage = Stage::set({.break_socket = break_socket,
                           .control_socket = socket,
                           .traffic = arguments.traffic,
                           .release_every = arguments.release_every,
                           .break_every = arguments.break_every,
                           .duration = arguments.duration});
  if (!stage) return say(stage.error().message);
  const std::string config = folder.file("tealgate.yaml");
  std::ofstream(config) << config_text(**stage, folder, socket, arguments.port.value_or(0));
  (*stage)->start();
  return run_daemon({.config_path = config,
                     .on_ready =
                         [&](const SocketAddress& proxy, const std::string& dashboard) {
                           (*stage)->play(proxy, [proxy, dashboard, arguments] {
                             print_invitation(proxy, dashboard, arguments);
                           });
                         },
                     .on_stopping = [&] { (*stage)->rest(); }});
}

}  // namespace tealgate::demo
