// Takes over a changed config file: all of it or nothing. Decisions stay as they are.
//
//   load (thread pool) → bind new listeners and sockets → fit decisions,
//   store → publish → open listeners, use sockets → adopted → answer
//
// Owned by the control loop, on its thread; one reload at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/control_loop.h"

namespace tealgate {

class Journal;
class Operations;
class Publisher;

class Reload {
 public:
  struct Hooks {
    std::function<Result<LoadedConfig, CommandError>()> load;  // in the thread pool
    std::function<Result<std::function<void()>>(const Config&)> prepare_sockets;  // may be empty
    std::function<void()> on_begun, on_ended;                                     // may be empty
  };
  struct Place {
    Loop& loop;
    DataPlane& data_plane;
    Prober& prober;
    Journal& journal;
    Publisher& publisher;
    Operations& operations;
    LoadedConfig& config;  // what is in force; replaced
  };

  Reload(const Place& place, Hooks hooks);
  ~Reload();

  void run(const Caller& caller, std::shared_ptr<CommandWatcher> watcher);
  void detach(const CommandWatcher& watcher);
  // "ci is reloading the config"; empty: nobody is.
  std::string describe() const;
  // The daemon ends: what is not published yet never is, and no listener opens any more.
  void stop();

 private:
  enum class Step : std::uint8_t { Idle, Loading, Storing, Adopting };

  void on_loaded(Result<LoadedConfig, CommandError> loaded);
  void store();
  void publish();
  void finish(const nlohmann::ordered_json& result);
  void refuse(const CommandError& error);

  Place place_;
  Hooks hooks_;
  std::shared_ptr<CommandWatcher> watcher_;
  Caller caller_;
  Step step_ = Step::Idle;
  bool is_stopping_ = false;
  std::optional<LoadedConfig> next_;
  std::vector<std::string> warnings_;
  std::unique_ptr<DataPlane::PreparedListeners> listeners_;
  std::function<void()> use_sockets_;  // may be empty
  std::shared_ptr<Reload*> self_;
};

// A changed `initial` of a service that is known already has no effect: changed by a reload, or (as
// far as its first revision is remembered) since the service first started.
std::vector<std::string> warn_of_initial(const Config& before, const Config& after,
                                         const Decisions& decisions);
std::vector<std::string> warn_of_initial(const Config& config, const Decisions& decisions);

}  // namespace tealgate
