// The one place where decisions change: an entry is applied, saved, recorded; then the new
// decisions hold.
//
// Entries are carried out one at a time, in order, whatever service they are about; each change
// sees the decisions that the one before left. Files are written in the thread pool. An entry that
// cannot be written changes nothing.
//
//   change(decisions) → state.json → history line → decisions() are the new ones → done
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "control/command.h"
#include "control/decisions.h"

namespace tealgate {

class History;
class Loop;
class StateStore;

class Journal {
 public:
  struct Entry {
    // Makes the next decisions or refuses; absent: only a line is recorded.
    std::function<Result<Decisions, CommandError>(const Decisions&)> change;
    // The history line, told of the next decisions; absent: none. Without a change it may be asked
    // for at the journal's end: it holds nothing that ends before.
    std::function<nlohmann::ordered_json(const Decisions&)> line;
    // On the loop's thread, never from inside add(). May be absent.
    std::function<void(Result<void, CommandError>)> done;
  };

  Journal(Loop& loop, StateStore& store, History& history);
  // What is being written, and lines that wait, are written; changes that wait are not made. No
  // `done` is called.
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // At start, and when another daemon had the state meanwhile: reads state and history, fits the
  // decisions to the config, repairs what a crash left between state, history and end. Blocks.
  // `warnings` says what was dropped. Ends a hold().
  struct Opened {
    bool had_state = false;
    std::vector<std::string> warnings;
  };
  Result<Opened, CommandError> open(const Config& config, WallTime now);
  // As open(), but only looks: another daemon has the state, and nothing is written before open().
  Result<Opened, CommandError> look(const Config& config, WallTime now);
  // Nothing is written any more, not even at the end: entries are refused (Conflict), those that
  // wait, too. Call it when nothing is being written: from an entry's `done`.
  void hold();

  // Hears of each line once it is on disk.
  void set_listener(std::function<void(const nlohmann::ordered_json&)> listener) {
    listener_ = std::move(listener);
  }

  void add(Entry entry);
  const Decisions& decisions() const { return decisions_; }

 private:
  struct Writing;
  Result<FittedDecisions, CommandError> read(const Config& config, WallTime now, Opened& opened);
  void refuse_soon(Entry entry);
  void go_on_soon();
  void write_next();
  void finish(Writing& writing);
  static void write(Writing& writing, StateStore& store, History& history);
  Result<void> record_now(const nlohmann::ordered_json& line);
  void remember(const std::string& line);

  Loop& loop_;
  StateStore& store_;
  History& history_;
  Decisions decisions_;
  std::function<void(const nlohmann::ordered_json&)> listener_;
  std::deque<Entry> waiting_;
  bool is_writing_ = false;
  bool is_held_ = false;
  std::shared_ptr<Writing> current_;
  std::shared_ptr<Journal*> self_;  // null inside once the journal is gone
};

}  // namespace tealgate
