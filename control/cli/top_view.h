// The screen of `tealgate top`, as lines. Pure: the model, what the user chose and the terminal's
// size in, text out.
//
//   service: state, revision, what serves      a table, a row a server, the reason below
//   requests, 5xx, p99, in flight              whoever fails
//   the way back, what runs, the lock          newest events
//   the last minute                            keys
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "control/cli/live_model.h"
#include "control/cli/render_status.h"

namespace tealgate::cli {

enum class SortBy : unsigned char { Pool, Requests, Errors, P99, InFlight, Name };
inline constexpr int kSorts = 6;

// What the keys choose, and how the connection is.
struct TopState {
  std::string service;  // empty: the first
  SortBy sort = SortBy::Pool;
  bool is_paused = false;
  bool shows_help = false;
  std::string trouble;  // why nothing new comes; empty: all is well
};

struct ScreenSize {
  std::size_t rows = 24;
  std::size_t columns = 80;
};
inline constexpr ScreenSize kSmallestScreen{14, 80};

// At most `size.rows` lines of at most `size.columns` columns each, without line ends.
std::vector<std::string> top_lines(const LiveModel& model, const TopState& state, ScreenSize size,
                                   const Look& look);

// The service that is shown: `wanted`, though it may be gone, or the first; "" if there is none.
// And the one `step` further in the list, round and round.
std::string shown_service(const LiveModel& model, const std::string& wanted);
std::string next_service(const LiveModel& model, const std::string& from, int step);

}  // namespace tealgate::cli
