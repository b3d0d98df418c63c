// The commands that watch, until they are interrupted or have shown enough: `events`,
// `status --follow`, `top` and `logs`. Each runs a loop of its own; the other commands ask once
// (commands.h).
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/loop.h"
#include "base/poller.h"
#include "base/signals.h"
#include "control/cli/arguments.h"
#include "control/cli/console.h"
#include "control/cli/daemon.h"
#include "control/cli/event_feed.h"
#include "control/cli/live_model.h"

namespace tealgate::cli {

struct Watched {
  const Arguments& arguments;
  std::string socket;
  std::string fields;  // of each request's head, complete lines
  Console& console;
};

bool is_watching(const Arguments& arguments);

// Carries one of them out; the exit code of docs/commands.md.
int watch(const Watched& watched);

int follow_events(const Watched& watched);
int follow_status(const Watched& watched);
int show_top(const Watched& watched);
int show_logs(const Watched& watched);

// {"ok":false,"error":{…}} as every command tells it; its exit code.
int tell_error(const Watched& watched, const nlohmann::ordered_json& result);
// Why no stream of events came.
int tell_failure(const Watched& watched, const Answer& answer);
// The same in a few words.
std::string reason_of(const Answer& answer);
// Whether the daemon refuses, so that to ask again is of no use. It may be overloaded or stopping
// (429, 5xx), and a socket that is just being made belongs to nobody yet (NotPermitted).
bool is_refusal(const Answer& answer);
// Said, with the exit code of it, where -s names a service that a reload took away.
std::optional<int> exit_if_gone(const Watched& watched, const LiveModel& model);

EventFeed::Order feed_order(const Watched& watched, const std::string& query);

// A loop that runs until somebody ends it; SIGINT and SIGTERM do, with 130, and so does, with 0,
// the reader of stdout who has gone: he has read enough.
class WatchLoop final : private Pollable {
 public:
  WatchLoop();
  ~WatchLoop();

  Loop& loop() { return loop_; }
  // The first exit counts.
  void end(int exit);
  bool has_ended() const { return exit_.has_value(); }
  int run();

 private:
  void on_events(std::uint32_t events) override;

  Loop loop_;
  Poller::Token stdout_;
  std::optional<int> exit_;
  SignalWatch interrupt_;
  SignalWatch terminate_;
};

// Says on stderr, once each, that the connection is lost and that it is there again; and when to
// give up.
class Interruptions {
 public:
  explicit Interruptions(const Watched& watched) : watched_(watched) {}

  // Said, with the exit code of it: there was no snapshot yet, or there will be none.
  std::optional<int> on_trouble(const Answer& answer);
  // There is a snapshot. True if there was one before.
  bool on_snapshot();

 private:
  const Watched& watched_;
  bool has_begun_ = false;
  bool is_lost_ = false;
};

}  // namespace tealgate::cli
