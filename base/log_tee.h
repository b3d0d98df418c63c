// Gets a copy of what is logged, for a way out of the house of its own.
#pragma once

#include <string_view>

namespace tealgate {

class LogTee {
 public:
  virtual ~LogTee() = default;
  // Whole lines, each with its newline. The thread that logs waits meanwhile: copy, and leave the
  // rest to another one.
  virtual void take(std::string_view lines) = 0;
};

}  // namespace tealgate
