// The command line: every word of `tealgate`. It is a client of the control socket only; the two
// words that are whole programs, `run` and `demo`, are main.cc's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace tealgate {

struct RunArguments {
  std::string config = "/etc/tealgate/tealgate.yaml";
};

struct DemoArguments {
  enum class Action : unsigned char { Run, Break, Mend };
  Action action = Action::Run;
  std::string pool;                   // of Break and Mend
  std::optional<std::uint16_t> port;  // the proxy's; none: a free one
  std::string socket;                 // --socket or TEALGATE_SOCKET; empty: the demo's own
  std::optional<std::chrono::nanoseconds> duration;  // none: until it is interrupted
  bool traffic = true;
  // None: never.
  std::optional<std::chrono::nanoseconds> release_every = std::chrono::seconds(45);
  std::optional<std::chrono::nanoseconds> break_every = std::chrono::seconds(60);
};

struct CliHooks {
  std::function<int(const RunArguments&)> run;
  std::function<int(const DemoArguments&)> demo;
};

// Parses the command line, carries it out, and returns the exit code of docs/commands.md.
int run_cli(int argc, char** argv, const CliHooks& hooks);

}  // namespace tealgate
