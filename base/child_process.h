// A program that this process started, to replace it: what it says on stderr, and its end.
//
// It gets nothing of ours but stdin from /dev/null, our stdout, a pipe as stderr, and two
// descriptors whose numbers an environment variable may name: kChannel, and kStderr, our own
// stderr. Owner's loop. Destroying it lets the program run on unobserved.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tealgate {

class Loop;

class ChildProcess {
 public:
  static constexpr int kChannel = 3;
  static constexpr int kStderr = 4;

  struct Order {
    std::string path;
    std::vector<std::string> arguments;    // argv[0] too
    std::vector<std::string> environment;  // all of it: "NAME=value"
    UniqueFd channel;                      // its end of it
  };
  struct Exit {
    std::string how;  // "ended with exit code 7"
    int code;         // -1: by a signal
  };
  // None of them may destroy the ChildProcess.
  struct Listener {
    std::function<void(std::string_view line)> on_stderr;  // without its end
    std::function<void(const Exit&)> on_exit;              // the last
  };

  // Returns when the program runs, or why it cannot be run.
  static Result<std::unique_ptr<ChildProcess>> start(Loop& loop, Order order, Listener listener);
  ~ChildProcess();

  pid_t pid() const;
  bool is_running() const;
  void kill();  // SIGKILL; on_exit comes

 private:
  struct State;
  explicit ChildProcess(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The environment of this process without the variables that begin with one of `names` and "=".
std::vector<std::string> environment_without(const std::vector<std::string>& names);

}  // namespace tealgate
