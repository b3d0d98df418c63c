// What a log is written to: stdout or a file that can be opened again. Used by the log writer's
// thread alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace tealgate {

class LogFile {
 public:
  // "stdout", or a path.
  static Result<LogFile> open(const std::string& target);

  // Keeps the open file if the path can't be opened.
  Result<void> reopen();

  // Writes `lines`, whole lines, waiting at most `patience` each time a pipe is full. At an error
  // it gives up and drops what is left. The rest of a line that was begun is kept and written first
  // the next time, so that the file holds whole lines.
  void write(std::string_view lines, Duration patience);
  // Lines that went out and lines that did not, ever.
  std::uint64_t written() const { return written_; }
  std::uint64_t dropped() const { return dropped_; }
  // errno of the last write() that gave up; 0 if it did not.
  int last_error() const { return error_; }
  const std::string& target() const { return target_; }

 private:
  LogFile(std::string target, UniqueFd fd);

  // How many bytes went out.
  std::size_t write_bytes(std::string_view bytes, Duration patience);
  bool is_writable(Duration patience) const;

  std::string target_;
  UniqueFd fd_;
  bool is_pipe_ = false;  // or anything else that is not a regular file
  int error_ = 0;
  std::string rest_;  // of a line that was begun
  std::uint64_t written_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace tealgate
