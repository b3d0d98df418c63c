// Releases that happen by themselves: now and then a new version is put on the pool that is idle,
// and traffic is switched to it; every fourth time the last one is taken back.
//
// It asks the daemon as a deploy script would, on the control socket, and so meets its gates, locks
// and other people's switches like everybody. Lives on the demo's own loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/loop.h"
#include "base/timer.h"
#include "demo/command.h"

namespace tealgate::demo {

class Releases {
 public:
  // A build is put on the servers of a pool.
  using Deploy = std::function<void(std::string_view pool, const std::string& version)>;

  Releases(Loop& loop, const SocketAddress& control_socket, Duration every, Deploy deploy);

  // Two releases at once, so that there is a past and a way back; then `on_ready`, whatever became
  // of them, and from now on one a while.
  void begin(std::function<void()> on_ready);

 private:
  void release();
  void on_service(const Command::Answer& answer);
  void roll_back();
  void on_done();
  void ask(std::string_view method, std::string_view target, std::string_view json,
           Command::OnAnswer on_answer);

  Loop& loop_;
  const SocketAddress control_socket_;
  const Duration every_;
  const Deploy deploy_;
  std::function<void()> on_ready_;
  std::unique_ptr<Command> command_;
  unsigned done_ = 0;
  unsigned version_ = 0;
  Timer timer_;
};

}  // namespace tealgate::demo
