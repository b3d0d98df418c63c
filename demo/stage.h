// The demo's own thread: app servers, traffic, the live line, what happens by itself (releases,
// breakdowns), and the socket on which `demo break` arrives.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/listen_socket.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "demo/app_server.h"
#include "demo/break_socket.h"
#include "demo/breakdowns.h"
#include "demo/live_line.h"
#include "demo/releases.h"
#include "demo/traffic.h"

namespace tealgate::demo {

class Stage {
 public:
  struct Settings {
    std::string break_socket;    // path
    std::string control_socket;  // path; the daemon's
    unsigned servers_per_pool = 2;
    bool traffic = true;
    std::optional<Duration> release_every;  // none: never
    std::optional<Duration> break_every;    // none: never
    std::optional<Duration> duration;       // then the process gets SIGTERM
  };

  static Result<std::unique_ptr<Stage>> set(const Settings& settings);
  ~Stage();

  // "{name: blue-1, address: 127.0.0.1:40001}" and so on, for the config file.
  std::vector<std::string> servers(std::string_view pool) const;

  // The thread begins; from here on only play() may be called.
  void start();
  // The first releases, then `invite` and traffic towards `proxy`. Any thread; `invite` is called
  // on the stage's.
  void play(const SocketAddress& proxy, std::function<void()> invite);
  // What happens by itself ends; returns when it has, or after 2 s. Any thread but the stage's own.
  void rest();

 private:
  explicit Stage(const Settings& settings);
  void clear();
  void rehearse(std::function<void()> on_ready);
  void begin(const SocketAddress& proxy);
  void deploy(std::string_view pool, const std::string& version);
  AppServer* next_to_break();
  bool set_health(std::string_view pool, bool healthy);

  const Settings settings_;
  Loop loop_;
  Mailbox mailbox_;
  std::vector<std::unique_ptr<AppServer>> servers_;
  std::unique_ptr<BreakSocket> break_socket_;
  std::unique_ptr<Traffic> traffic_;
  std::unique_ptr<LiveLine> live_line_;
  std::unique_ptr<Releases> releases_;
  std::unique_ptr<Breakdowns> breakdowns_;
  unsigned broken_ = 0;  // how often one was
  Timer end_;
  std::thread thread_;
};

}  // namespace tealgate::demo
