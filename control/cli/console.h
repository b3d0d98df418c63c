// Where a command writes: the result to `out`, progress and errors to `err`.
#pragma once

#include <ostream>

#include "base/clock.h"

namespace tealgate::cli {

struct Console {
  std::ostream& out;
  std::ostream& err;
  bool err_is_terminal = false;  // one redrawn line instead of a line a change
  bool colour = false;           // of `out`
  std::size_t err_columns = 80;  // how wide the terminal is
  WallTime now;
};

}  // namespace tealgate::cli
