// The demo's one live line on stdout: `48 213 requests · 0 failed · BLUE 100 %`; on a terminal that
// can be drawn on redrawn in place and no wider than it, elsewhere a line every two seconds; while
// nobody reads stdout, nothing.
#pragma once

#include <string>

#include "base/timer.h"
#include "demo/traffic.h"

namespace tealgate::demo {

class LiveLine {
 public:
  LiveLine(Loop& loop, const Traffic& traffic);
  // Prints the last state, so that it stays.
  ~LiveLine();

 private:
  void draw();
  bool may_write() const;
  std::string text() const;

  const Traffic& traffic_;
  const bool is_screen_;
  Traffic::Counts before_;
  Timer timer_;
};

// "48213" → "48 213".
std::string with_spaces(std::uint64_t number);

}  // namespace tealgate::demo
