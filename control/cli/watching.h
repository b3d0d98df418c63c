// The commands that watch, until they are interrupted or have shown enough: `events`,
// `status --follow`, `top` and `logs`. Each runs a loop of its own; the other commands ask once
// (commands.h).
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/loop.h"
#include "base/signals.h"
#include "control/cli/arguments.h"
#include "control/cli/console.h"
#include "control/cli/daemon.h"
#include "control/cli/event_feed.h"

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

EventFeed::Order feed_order(const Watched& watched, const std::string& query);

// A loop that runs until somebody ends it; SIGINT and SIGTERM do, with 130.
class WatchLoop {
 public:
  WatchLoop();

  Loop& loop() { return loop_; }
  // The first exit counts.
  void end(int exit);
  bool has_ended() const { return exit_.has_value(); }
  int run();

 private:
  Loop loop_;
  std::optional<int> exit_;
  SignalWatch interrupt_;
  SignalWatch terminate_;
};

// Says on stderr, once each, that the connection is lost and that it is there again.
class Interruptions {
 public:
  explicit Interruptions(const Watched& watched) : watched_(watched) {}

  void on_trouble(const Answer& answer);
  // There is a snapshot. True if there was one before.
  bool on_snapshot();
  bool has_begun() const { return has_begun_; }

 private:
  const Watched& watched_;
  bool has_begun_ = false;
  bool is_lost_ = false;
};

}  // namespace tealgate::cli
