// The access log's sink: a thread of its own, a file, and whoever else is to have each line. It is
// not the daemon's own log (base/log).
//
// Each worker owns a Producer and appends whole lines to it: no lock, and no system call but one
// wake-up per 64 KiB. The thread collects from all producers at least every 200 ms and writes, so
// that lines of two producers never mix within a line. What can't be kept is dropped and counted: a
// line when its producer's buffer (4 MiB) is full, all that waits when the file takes nothing (disk
// full); the trouble is told once, and once a minute if it comes and goes, and writing goes on when
// the file does. The daemon owns the writer; it ends after the last worker.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log_ring.h"
#include "base/log_tee.h"
#include "base/result.h"

namespace tealgate {

class LogWriter {
 public:
  enum class News { Fails, Works };
  struct Settings {
    std::string target = "stdout";                    // "stdout", "off", or a file's path
    std::size_t buffer_bytes = std::size_t{4} << 20;  // of each producer
    Duration interval = std::chrono::milliseconds(200);
    Duration patience = std::chrono::seconds(3);  // with a full pipe
    Duration quiet = std::chrono::minutes(1);     // between two troubles that are told
    // What is worth telling, on the writer's thread; the daemon's log has it already.
    std::function<void(News news, const std::string& sentence)> on_news = {};
  };
  // `dropped` counts those of the producers and those that the file did not take.
  struct Counts {
    std::uint64_t written = 0;
    std::uint64_t dropped = 0;
  };
  class Producer;

  // Opens the file (appending, created with mode 0640) and starts the thread.
  static Result<std::unique_ptr<LogWriter>> open(const Settings& settings);
  // Writes what waits, and ends the thread. A pipe that nobody reads gets a second, then the rest
  // is dropped.
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // Any thread; does not block. The thread opens the path again (a rotation moved the file away).
  // If that fails it says so in the daemon's log and keeps the file it has.
  void reopen();
  // Any thread but a worker: blocks until all that was appended before, and an earlier reopen(), is
  // done.
  void flush();
  // Any thread.
  Counts counts() const;
  // Any thread but a worker. From now on `tee` gets all that is collected, also where the log
  // itself is off; null: nobody does. It must outlive the writer; one more batch may come to the
  // one before.
  void set_tee(LogTee* tee);

 private:
  struct State;
  explicit LogWriter(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// One thread's end of a LogWriter. May be made while others append, and may end at any time before
// the writer; what it appended is still written.
class LogWriter::Producer {
 public:
  explicit Producer(LogWriter& writer);
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // Whether anybody takes lines: else they need not be made.
  bool is_wanted() const;
  // One line without its newline, and none inside. Never blocks.
  void append(std::string_view line);

 private:
  State& state_;
  const std::shared_ptr<LogRing> ring_;
};

}  // namespace tealgate
