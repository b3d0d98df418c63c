#include "control/cli/socket_daemon.h"

#include <cerrno>
#include <csignal>

#include "base/signals.h"
#include "control/cli/conversation.h"

namespace tealgate::cli {
namespace {

constexpr const char* kSystemSocket = "/run/tealgate/control.sock";

}  // namespace

std::string find_socket(const std::string& given, const Environment& environment) {
  if (!given.empty()) return given;
  if (::access(kSystemSocket, F_OK) == 0) return kSystemSocket;
  std::string run_folder = environment("XDG_RUNTIME_DIR");
  if (run_folder.empty()) return kSystemSocket;
  std::string own = run_folder + "/tealgate/control.sock";
  return ::access(own.c_str(), F_OK) == 0 ? own : kSystemSocket;
}

std::optional<Answer> obstacle_at(const std::string& socket) {
  Answer failed;
  if (::access(socket.c_str(), W_OK) == 0) return {};
  if (errno == ENOENT) {
    failed.error = socket + ": no such socket; is the daemon running?";
    return failed;
  }
  if (errno != EACCES) return {};
  failed.outcome = Answer::Outcome::NotPermitted;
  failed.error = socket +
                 ": permission denied; be its owner or a member of its group, or name "
                 "another socket by --socket";
  return failed;
}

Answer SocketDaemon::ask(const Request& request, const OnLine& on_line) {
  Answer failed;
  Result<SocketAddress> address = SocketAddress::unix_path(socket_);
  if (!address) {
    failed.error = address.error().message;
    return failed;
  }
  if (std::optional<Answer> obstacle = obstacle_at(socket_)) return *obstacle;
  Loop loop;
  bool interrupted = false;
  SignalWatch interrupt(loop, SIGINT, [&] { interrupted = true; });
  SignalWatch terminate(loop, SIGTERM, [&] { interrupted = true; });
  Request whole = request;
  whole.fields = fields_;
  Conversation conversation(loop, *address, whole, on_line);
  while (!conversation.is_over() && !interrupted) loop.run_once();
  if (conversation.is_over()) return conversation.answer();
  failed.outcome = Answer::Outcome::Interrupted;
  return failed;
}

}  // namespace tealgate::cli
