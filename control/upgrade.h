// Replaces this daemon by another program, without a connection lost: the side of the daemon that
// is replaced. The other side is predecessor.h, what they say to each other handover.h.
//
//   Idle ── asked ──► Waiting ── nothing under way ──► Starting ── hello ──┐
//    ▲                  │ lock_wait passed                │                ▼
//    │                  │               ended, hangs, is  │             Checking
//    │                  ▼               no Tealgate       ▼                │
//    ├────────────── refused ◄─────── killed, ──────── Failing ◄───────────┤
//    │                                its end awaited     ▲                │ ready
//    │                                                    │                ▼
//    │                                                    ├──────────── Settling
//    │                                                    │                │
//    │                          nothing under way, all decided is on disk: │ take
//    │                                                    │                ▼
//    │                                                    └──────────── Handing
//    │                                                                     │ serving
//    │  the new one ended without being told to:                           ▼
//    └───────────── decides and serves again, from what is on disk ──── Retired
//                                                                          │
//                                              all finished: the daemon ends
//
// Decisions have one owner at any time: this daemon up to `take`; the new one from `serving` on; in
// between nobody decides. A side that sees the other die owns them again, and reads them from disk;
// where the other must be dead first, it is killed and its end awaited. Control loop's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "base/inheritance.h"
#include "base/message_channel.h"
#include "base/result.h"
#include "base/timer.h"
#include "control/command.h"

namespace tealgate {

class ControlLoop;
class DataPlane;
class Follower;
class Loop;

// What the daemon does for it.
class UpgradeHost {
 public:
  // Why it cannot be replaced just now; empty: it can.
  virtual std::string obstacle() const = 0;
  // Duplicates of all that the new daemon needs.
  virtual std::vector<HandedDescriptor> descriptors() const = 0;
  // Offer::secrets.
  virtual std::map<std::string, std::string> secrets() const = 0;
  // Takes no new commands: they queue for whoever decides next.
  virtual void pause_commands() = 0;
  virtual void go_on_with_commands() = 0;
  // `successor` serves: takes no new connection, finishes what is in flight, then ends.
  virtual void retire(pid_t successor) = 0;
  // Retired, and routing cannot follow what the successor decided: ends within seconds.
  virtual void hurry(const std::string& why) = 0;
  // It was told to end: nothing of this daemon's may keep a next one from starting.
  virtual void let_go() = 0;
  // It died: serves again, on `sockets`, as the config says now.
  virtual Result<void> take_back(Inheritance& sockets) = 0;
  // It cannot go on: ends with this exit code, and whoever supervises it starts it afresh.
  virtual void give_up(int exit) = 0;

 protected:
  ~UpgradeHost() = default;
};

class Upgrade {
 public:
  struct Place {
    Loop& loop;
    ControlLoop& control;
    DataPlane& data_plane;
    UpgradeHost& host;
    std::string binary;       // that this daemon was started from
    std::string config_path;  // absolute
    std::string state_folder;
    std::string version;
  };

  explicit Upgrade(Place place);
  ~Upgrade();

  void run(const UpgradeCommand& command, const Caller& caller,
           std::shared_ptr<CommandWatcher> watcher);
  // The daemon ends: an upgrade under way is given up, and a retired one never serves again.
  void stop();
  bool is_retired() const { return step_ == Step::Retired; }

 private:
  enum class Step : std::uint8_t {
    Idle,
    Waiting,
    Starting,
    Checking,
    Settling,
    Handing,
    Failing,
    Retired,
  };
  static constexpr std::size_t kLinesKept = 20;

  void look();
  void wait_or_start();
  void start();
  void on_message(ChannelMessage message);
  void on_hello(const nlohmann::ordered_json& message);
  void settle();
  void hand_over();
  void on_serving();
  void follow();
  void drop_all_but(const nlohmann::ordered_json& sockets);
  void on_exit(const ChildProcess::Exit& exit);
  CommandError why_ended(const ChildProcess::Exit& exit) const;
  void take_back(const std::string& how);
  void give_up(const CommandError& why);
  void fail(CommandError error);
  void recover();
  void refuse(const CommandError& error);
  void end(const nlohmann::ordered_json& result);
  void tell(std::string_view word, std::string message);
  void forget_child();
  nlohmann::ordered_json line(std::string_view event) const;

  Place place_;
  Step step_ = Step::Idle;
  UpgradeCommand command_;
  Caller caller_;
  std::shared_ptr<CommandWatcher> watcher_;
  TimePoint began_;
  std::string told_;  // why it waits
  std::string successor_version_;
  std::deque<std::string> stderr_;  // the last lines of the new one
  bool is_held_ = false;
  bool successor_ends_ = false;  // it was told to stop, or this one was
  CommandError failure_;
  std::vector<HandedDescriptor> kept_;  // while retired: to serve again
  std::unique_ptr<ChildProcess> child_;
  std::unique_ptr<MessageChannel> channel_;
  std::unique_ptr<Follower> follower_;  // while retired
  Timer look_;
  Timer deadline_;
};

}  // namespace tealgate
