#include "control/cli/cli.h"

#include <fmt/core.h>
#include <pwd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "control/cli/check_command.h"
#include "control/cli/commands.h"
#include "control/cli/completion.h"
#include "control/cli/demo_arguments.h"
#include "control/cli/output.h"
#include "control/cli/printable.h"
#include "control/cli/progress.h"
#include "control/cli/results.h"
#include "control/cli/socket_daemon.h"
#include "control/cli/ssh_command.h"
#include "control/cli/terminal.h"
#include "control/cli/watching.h"
#include "control/command.h"

namespace tealgate {
namespace {

using cli::Arguments;

constexpr int kForbidden = 8;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// Who runs this, where the environment does not say.
std::string login_name() {
  const passwd* entry = ::getpwuid(::getuid());
  return entry ? entry->pw_name : "uid " + std::to_string(::getuid());
}

// "20261122-140211-9f3c1a": sorts by time, and nobody else has it.
std::string new_operation_id() {
  unsigned char bytes[3] = {};
  if (::getrandom(bytes, sizeof bytes, 0) < 0) bytes[0] = static_cast<unsigned char>(::getpid());
  std::time_t now = WallClock::to_time_t(WallClock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &parts);
  return fmt::format("{}-{:02x}{:02x}{:02x}", text, bytes[0], bytes[1], bytes[2]);
}

cli::Console make_console(const Arguments& arguments) {
  cli::Console console{std::cout, std::cerr, false, false, 80, WallClock::now()};
  console.err_is_terminal = cli::is_screen(STDERR_FILENO);
  console.colour = !arguments.no_color && cli::is_screen(STDOUT_FILENO);
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    console.err_columns = size.ws_col;
  }
  return console;
}

int stop(const cli::Stop& stop) {
  if (stop.exit == 0) {
    std::cout << stop.text;
    if (!stop.text.ends_with('\n')) std::cout << '\n';
    return 0;
  }
  nlohmann::ordered_json error = cli::own_error(stop.exit == kForbidden ? "forbidden" : "usage",
                                                stop.exit, stop.text, stop.hint);
  if (stop.json) {
    std::cout << json_text(error) << '\n';
  } else {
    std::cerr << cli::describe_error(error["error"]);
  }
  return stop.exit;
}

int print_version(const Arguments& arguments) {
  if (arguments.json) {
    std::cout << R"({"ok":true,"version":")" TEALGATE_VERSION "\"}\n";
  } else {
    std::cout << "tealgate " TEALGATE_VERSION "\n";
  }
  return 0;
}

int print_completion(const Arguments& arguments) {
  const std::string& shell = arguments.words.front();
  const std::string_view script = cli::completion_script(shell);
  if (script.empty()) {
    return stop({2, "tealgate completion: \"" + shell + "\" is not bash, zsh or fish",
                 "tealgate completion bash", arguments.json});
  }
  std::cout << script;
  return 0;
}

// What the scripts of print_completion() ask at each Tab: a candidate a line.
int complete(const std::vector<std::string>& words) {
  auto ask_status = [](const std::string& given) {
    const std::string socket = given.empty() ? variable("TEALGATE_SOCKET") : given;
    cli::SocketDaemon daemon(cli::find_socket(socket, variable));
    return daemon.ask(cli::status_request(""), nullptr).body;
  };
  for (const std::string& candidate : cli::complete(words, ask_status)) {
    std::cout << candidate << '\n';
  }
  return 0;
}

int run_daemon(const Arguments& arguments, const CliHooks& hooks) {
  RunArguments run;
  if (arguments.has("config")) run.config = arguments.text("config");
  return hooks.run(run);
}

int run_demo(const Arguments& arguments, const CliHooks& hooks) {
  tl::expected<DemoArguments, std::string> demo = cli::demo_arguments(arguments);
  if (!demo) return stop({2, demo.error(), "tealgate demo --help", arguments.json});
  return hooks.demo(*demo);
}

// Says at once that the command runs without its lock from now on. The exit code of that.
int warn_of_lost_lock(const cli::Answer& answer, cli::Console& console) {
  constexpr int kConnectionLost = 14;
  const auto result = nlohmann::json::parse(answer.body, nullptr, false);
  const auto error = result.is_object() ? result.value("error", nlohmann::json::object())
                                        : nlohmann::json::object();
  const std::string why = cli::printable(error.value("message", answer.error));
  console.err << "tealgate: the lock was lost, the command goes on without it: " << why
              << std::endl;
  return error.value("exit", kConnectionLost);
}

int run_locked(const Arguments& arguments, const std::string& socket, cli::Console& console,
               cli::Commands& commands) {
  tl::expected<cli::Request, int> request = commands.prepare_lock();
  if (!request) return request.error();
  cli::LockedRun run;
  int lost_exit = 0;
  {
    cli::Progress progress(
        console, arguments.quiet ? cli::Progress::Show::Nothing : cli::Progress::Show::All);
    run = cli::run_under_lock(
        socket, *request, arguments.child,
        {.on_line = [&](std::string_view line) { progress.on_line(line); },
         .on_lost =
             [&](const cli::Answer& answer) { lost_exit = warn_of_lost_lock(answer, console); }});
  }
  if (!run.started) return commands.finish_lock(run.answer, *request);
  commands.give_back_lock(run.token);
  if (run.spawn_error != 0) {
    console.err << "tealgate: " << arguments.child.front() << ": "
                << std::generic_category().message(run.spawn_error) << '\n';
  }
  return run.lock_lost && run.exit == 0 ? lost_exit : run.exit;
}

struct Credentials {
  std::string token;   // of a lock
  std::string fields;  // of each request: what the caller gives up
};

int run_remote(const Arguments& arguments, const Credentials& credentials) {
  std::string socket = cli::find_socket(arguments.socket, variable);
  cli::SocketDaemon daemon(socket, credentials.fields);
  cli::Console console = make_console(arguments);
  if (cli::is_watching(arguments))
    return cli::watch({arguments, socket, credentials.fields, console});
  cli::Commands commands(arguments, {daemon, console, new_operation_id(), credentials.token});
  return arguments.child.empty() ? commands.run()
                                 : run_locked(arguments, socket, console, commands);
}

// The environment may be the client's (AcceptEnv): of it only what he wants counts.
int run_for_key(const Arguments& own) {
  auto command = cli::command_for_key(own, variable("SSH_ORIGINAL_COMMAND"), login_name());
  if (!command) return stop(command.error());
  if (command->arguments.command == "version") return print_version(command->arguments);
  std::signal(SIGPIPE, SIG_IGN);
  return run_remote(command->arguments, {"", command->fields});
}

int carry_out(const Arguments& arguments) {
  if (arguments.command == "ssh") return run_for_key(arguments);
  if (arguments.command == "version") return print_version(arguments);
  if (arguments.command == "completion") return print_completion(arguments);
  std::signal(SIGPIPE, SIG_IGN);
  if (arguments.command == "check") return cli::check_config(arguments, std::cout, std::cerr);
  return run_remote(arguments, {variable("TEALGATE_LOCK"), ""});
}

// Whether all that the command does is to tell something.
bool only_tells(const std::string& command) {
  constexpr std::array kCommands = {"",    "status", "history", "events",    "logs",
                                    "top", "check",  "version", "completion"};
  return std::ranges::find(kCommands, command) != kCommands.end();
}

// A reader who has gone has read enough. What could not be told for another reason has failed, but
// the exit code of what moves traffic tells of the traffic.
int exit_after(const std::string& command, int exit, int error) {
  if (error == 0 || error == EPIPE) return exit;
  std::cerr << "tealgate: the output cannot be written: " << std::generic_category().message(error)
            << '\n';
  return exit == 0 && only_tells(command) ? 1 : exit;
}

}  // namespace

int run_cli(int argc, char** argv, const CliHooks& hooks) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == "__complete")
    return complete({words.begin() + 1, words.end()});
  tl::expected<Arguments, cli::Stop> arguments = cli::parse_arguments(words);
  const std::string command = arguments ? arguments->command : "";
  if (arguments && command != "ssh") {
    cli::apply_environment(*arguments, variable);
    if (!arguments->has("by")) arguments->flags["by"] = login_name();
  }
  if (command == "run") return run_daemon(*arguments, hooks);
  if (command == "demo") return run_demo(*arguments, hooks);
  cli::Output output(std::cout, STDOUT_FILENO);
  const int exit = arguments ? carry_out(*arguments) : stop(arguments.error());
  return exit_after(command, exit, output.finish());
}

}  // namespace tealgate
