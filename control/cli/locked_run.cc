#include <spawn.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/signals.h"
#include "control/cli/conversation.h"
#include "control/cli/socket_daemon.h"

extern char** environ;

namespace tealgate::cli {
namespace {

constexpr int kExitNotStarted = 127;

int exit_of_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// The token of a {"progress":"locked"} line, or "".
std::string token_of(std::string_view line) {
  nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object() || object.value("progress", "") != "locked") return {};
  return object.value("lock", "");
}

class LockedChild {
 public:
  explicit LockedChild(const std::vector<std::string>& command) : command_(command) {}

  void start(const std::string& token);
  void terminate();
  void on_child_signal();
  bool is_started() const { return started_; }
  bool is_over() const { return over_; }
  int exit() const { return exit_; }
  int spawn_error() const { return spawn_error_; }

 private:
  std::vector<std::string> command_;
  pid_t pid_ = -1;
  int exit_ = 0;
  int spawn_error_ = 0;
  bool started_ = false;
  bool over_ = false;
};

void LockedChild::start(const std::string& token) {
  std::vector<std::string> variables;
  for (char** each = environ; *each; ++each) {
    if (std::strncmp(*each, "TEALGATE_LOCK=", 14) != 0) variables.emplace_back(*each);
  }
  variables.push_back("TEALGATE_LOCK=" + token);
  auto pointers = [](std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (std::string& each : strings) result.push_back(each.data());
    result.push_back(nullptr);
    return result;
  };
  std::vector<char*> environment = pointers(variables);
  std::vector<char*> words = pointers(command_);

  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  spawn_error_ =
      posix_spawnp(&pid_, words[0], nullptr, &attributes, words.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  started_ = true;
  over_ = spawn_error_ != 0;
  if (over_) exit_ = kExitNotStarted;
}

void LockedChild::terminate() {
  if (started_ && !over_) ::kill(pid_, SIGTERM);
}

void LockedChild::on_child_signal() {
  int status = 0;
  if (!started_ || over_ || ::waitpid(pid_, &status, WNOHANG) != pid_) return;
  over_ = true;
  exit_ = exit_of_status(status);
}

}  // namespace

LockedRun run_under_lock(const std::string& socket, const Request& request,
                         const std::vector<std::string>& command, const Daemon::OnLine& on_line) {
  LockedRun run;
  Result<SocketAddress> address = SocketAddress::unix_path(socket);
  if (!address) {
    run.answer.error = address.error().message;
    return run;
  }
  if (std::optional<Answer> obstacle = obstacle_at(socket)) {
    run.answer = *obstacle;
    return run;
  }
  Loop loop;
  LockedChild child(command);
  bool interrupted = false;
  // A terminal sends SIGINT to the child itself.
  SignalWatch interrupt(loop, SIGINT, [&] { interrupted = !child.is_started(); });
  SignalWatch terminate(loop, SIGTERM, [&] {
    interrupted = !child.is_started();
    child.terminate();
  });
  SignalWatch ended(loop, SIGCHLD, [&] { child.on_child_signal(); });
  Conversation conversation(loop, *address, request, [&](std::string_view line) {
    if (child.is_started()) return;
    run.token = token_of(line);
    if (!run.token.empty()) return child.start(run.token);
    if (on_line) on_line(line);
  });
  while (!child.is_over() && !interrupted && (child.is_started() || !conversation.is_over())) {
    loop.run_once();
  }
  run.answer = conversation.answer();
  if (interrupted) run.answer.outcome = Answer::Outcome::Interrupted;
  run.started = child.is_started();
  run.lock_lost = conversation.is_over();
  run.exit = child.exit();
  run.spawn_error = child.spawn_error();
  return run;
}

}  // namespace tealgate::cli
