// The daemon behind its control socket, asked with a loop that runs for one request at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "control/cli/arguments.h"
#include "control/cli/daemon.h"

namespace tealgate::cli {

// Where the daemon's socket is: as given (--socket, TEALGATE_SOCKET), else the first that exists of
// /run/tealgate/control.sock and $XDG_RUNTIME_DIR/tealgate/control.sock, else the first of them.
std::string find_socket(const std::string& given, const Environment& environment);

// Why nobody can be asked at this path, if the file itself says so.
std::optional<Answer> obstacle_at(const std::string& socket);

class SocketDaemon final : public Daemon {
 public:
  // `fields`: of the head of each request, complete lines.
  explicit SocketDaemon(std::string socket, std::string fields = {})
      : socket_(std::move(socket)), fields_(std::move(fields)) {}

  // SIGINT and SIGTERM end it early.
  Answer ask(const Request& request, const OnLine& on_line) override;

 private:
  std::string socket_;
  std::string fields_;
};

// Asks for a lock that lives as long as the connection, and runs `child` while it is held, with the
// token in TEALGATE_LOCK. The connection ends with the child.
struct LockedRun {
  Answer answer;  // the refusal, if the child was not started
  bool started = false;
  std::string token;       // of the lock, once the child was started
  int spawn_error = 0;     // errno; the child could not be started after all
  bool lock_lost = false;  // the connection or the lock ended before the child did
  int exit = 0;            // the child's; 128 + its signal
};
struct LockListener {
  Daemon::OnLine on_line;                             // until the child is started; may be empty
  std::function<void(const Answer& answer)> on_lost;  // the child goes on without the lock
};
LockedRun run_under_lock(const std::string& socket, const Request& request,
                         const std::vector<std::string>& child, const LockListener& listener);

}  // namespace tealgate::cli
