#include <spawn.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/signals.h"
#include "control/cli/conversation.h"
#include "control/cli/results.h"
#include "control/cli/socket_daemon.h"
#include "control/command.h"
#include "control/wall_time.h"

extern char** environ;

namespace tealgate::cli {
namespace {

constexpr int kExitNotStarted = 127;

int exit_of_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

struct Lock {
  std::string token;
  std::optional<TimePoint> expires_at;

  bool is_over() const { return expires_at && Clock::now() >= *expires_at; }
};

// What a {"progress":"locked"} line tells; no token if it is another one.
Lock lock_of(std::string_view line) {
  nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object() || object.value("progress", "") != "locked") return {};
  Lock lock{object.value("lock", ""), std::nullopt};
  const auto until = object.find("expires_at");
  if (until == object.end() || !until->is_string()) return lock;
  if (const auto time = parse_wall_time(until->get<std::string>())) {
    lock.expires_at = Clock::now() + std::chrono::duration_cast<Duration>(*time - WallClock::now());
  }
  return lock;
}

// What the daemon would have said, had the command ended a little later.
Answer ran_out() {
  const auto error = own_error("conflict", 5, "the time of the lock was over", "");
  return {Answer::Outcome::Answered, 409, json_text(error), ""};
}

class LockedChild {
 public:
  explicit LockedChild(const std::vector<std::string>& command) : command_(command) {}

  void start(const std::string& token);
  void terminate();
  void on_child_signal();
  bool is_started() const { return started_; }
  bool is_over() const { return over_; }
  void report(LockedRun& run) const;

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

void LockedChild::report(LockedRun& run) const {
  run.started = started_;
  run.exit = exit_;
  run.spawn_error = spawn_error_;
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
                         const std::vector<std::string>& command, const LockListener& listener) {
  LockedRun run;
  const Result<SocketAddress> address = SocketAddress::unix_path(socket);
  if (!address) run.answer.error = address.error().message;
  const std::optional<Answer> obstacle = address ? obstacle_at(socket) : run.answer;
  if (obstacle) {
    run.answer = *obstacle;
    return run;
  }
  Loop loop;
  LockedChild child(command);
  Lock lock;
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
    lock = lock_of(line);
    if (!lock.token.empty()) return child.start(lock.token);
    if (listener.on_line) listener.on_line(line);
  });
  while (!child.is_over() && !interrupted && (child.is_started() || !conversation.is_over())) {
    loop.run_once();
    if (child.is_started() && conversation.is_over() && !std::exchange(run.lock_lost, true)) {
      listener.on_lost(conversation.answer());
    }
  }
  const bool is_late = child.is_started() && lock.is_over();
  if (is_late && !std::exchange(run.lock_lost, true)) listener.on_lost(ran_out());
  run.token = lock.token;
  run.answer = conversation.answer();
  if (interrupted) run.answer.outcome = Answer::Outcome::Interrupted;
  child.report(run);
  return run;
}

}  // namespace tealgate::cli
