// Progress of a streamed answer on stderr: on a terminal one redrawn line with a bar, elsewhere a
// line a change and one a heartbeat.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "control/cli/console.h"

namespace tealgate::cli {

class Progress {
 public:
  enum class Show : unsigned char { All, Nothing };

  Progress(Console& console, Show show) : console_(console), show_(show) {}
  // Clears the redrawn line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // A line of NDJSON; what is no progress is ignored.
  void on_line(std::string_view line);

 private:
  void redraw(const std::string& word, const std::string& message);

  Console& console_;
  Show show_;
  std::string step_;  // the last word that was no heartbeat
  std::string told_;  // the last line, without durations: they alone are no news
  TimePoint told_at_;
  bool drawn_ = false;
};

}  // namespace tealgate::cli
