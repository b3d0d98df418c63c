// Carries out a parsed command line: asks the daemon, prints what it says, returns the exit code of
// docs/commands.md.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "control/cli/arguments.h"
#include "control/cli/console.h"
#include "control/cli/daemon.h"
#include "control/cli/requests.h"

namespace tealgate::cli {

class Commands {
 public:
  // `operation` is the id for a command that was given none, `token` the lock that the caller holds
  // (TEALGATE_LOCK).
  struct Surroundings {
    Daemon& daemon;
    Console& console;
    std::string operation;
    std::string token;
  };

  Commands(Arguments arguments, const Surroundings& surroundings);

  // Every command that asks the daemon, but `lock -- COMMAND`.
  int run();

  // The request of `lock`, or an exit code if the service is not known.
  tl::expected<Request, int> prepare_lock();
  // The answer to it, when it was refused.
  int finish_lock(const Answer& answer, const Request& request);
  // Gives the lock of prepare_lock() back; it may be gone already.
  void give_back_lock(const std::string& token);

 private:
  int status();
  int history();
  int reload();
  int upgrade();
  int change_split();
  int change_server();
  int wait();
  int lock();
  int unlock();

  tl::expected<nlohmann::ordered_json, int> ask(const Request& request);
  tl::expected<nlohmann::ordered_json, int> take(const Answer& answer, const Request& request);
  tl::expected<std::string, int> service_for(const std::string& named);
  tl::expected<Target, int> find_server(Target target);
  tl::expected<Target, int> check_pool(Target target);
  tl::expected<nlohmann::ordered_json, int> services();
  int fail(const nlohmann::ordered_json& result);
  int refuse(const std::string& message, const std::string& hint);
  int print(const nlohmann::ordered_json& result, const std::string& text);
  int interrupted(const Request& request);
  int print_idle(const nlohmann::ordered_json& services);
  int print_active(const nlohmann::ordered_json& services);

  Arguments arguments_;
  Surroundings surroundings_;
  Console& console_;
  std::string asked_service_;  // whose state is printed when the command is interrupted
};

}  // namespace tealgate::cli
