// The end of a log file that somebody else appends to, rotates or truncates.
//
// Lines are whole: one that is not ended yet waits. It reads from the calling thread, a bounded
// piece at a time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/cli/log_filter.h"

namespace tealgate::cli {

class LogTail {
 public:
  using OnLine = std::function<void(std::string_view line)>;
  using Judge = std::function<LogVerdict(std::string_view line)>;
  enum class More : unsigned char { NotNow, AtOnce };

  static constexpr std::size_t kPiece = std::size_t{256} << 10;
  static constexpr std::size_t kLongestLine = std::size_t{1} << 20;
  // How far newest() looks back.
  static constexpr std::size_t kLooksBack = std::size_t{64} << 20;

  explicit LogTail(std::string path) : path_(std::move(path)) {}

  // 0, or errno; EISDIR or ESPIPE where it is no file that has an end.
  int open();

  const std::string& path() const { return path_; }
  // errno of what went wrong since: of a read, or of the new file after a rotation. 0: nothing did.
  int error() const { return error_; }

  // The newest `limit` lines that `judge` shows, oldest first; next() goes on behind them. It looks
  // no further back than the first line that is too old.
  std::vector<std::string> newest(std::size_t limit, const Judge& judge);

  // Lines that were added since. After a rotation it first reads the old file to its end, and goes
  // on with the new one once something stands there: from then on nobody writes to the old.
  More next(const OnLine& on_line);

 private:
  std::string read_at(off_t offset, std::size_t size);
  std::size_t read_piece(const OnLine& on_line);
  bool has_successor() const;

  const std::string path_;
  UniqueFd fd_;
  off_t offset_ = 0;
  int error_ = 0;
  std::string begun_;  // a line without its end
};

}  // namespace tealgate::cli
