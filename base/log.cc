#include "base/log.h"

#include <poll.h>
#include <unistd.h>

#include <iterator>
#include <mutex>

namespace tealgate {
namespace {

// What poll() promises room for in a pipe, and what is written to one in a piece.
constexpr std::size_t kMaxLine = 4096;

std::mutex mutex;  // one line after the other
LogTee* other = nullptr;

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::Info:
      return "info";
    case LogLevel::Warning:
      return "warning";
    case LogLevel::Error:
      return "error";
  }
  return "error";
}

void append_escaped(std::string& line, std::string_view message) {
  for (char c : message) {
    auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (c == '\t') {
      line += "\\t";
    } else {
      fmt::format_to(std::back_inserter(line), "\\x{:02x}", byte);
    }
    if (line.size() >= kMaxLine) return;
  }
}

bool write_now(const std::string& line) {
  pollfd stderr_ready{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&stderr_ready, 1, 0) <= 0 || (stderr_ready.revents & POLLOUT) == 0) return false;
  return ::write(STDERR_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace

std::string format_log_line(WallTime time, LogLevel level, std::string_view message) {
  std::string line = fmt::format("{} {} ", format_wall_time(time), to_string(level));
  append_escaped(line, message);
  if (line.size() >= kMaxLine) {
    line.resize(kMaxLine - 4);
    line += "...";
  }
  line += '\n';
  return line;
}

void log_line(LogLevel level, std::string_view message) {
  static unsigned long lost = 0;
  WallTime now = WallClock::now();
  std::string line = format_log_line(now, level, message);
  std::lock_guard lock(mutex);
  if (lost > 0) {
    std::string words = fmt::format("{} lines of this log were lost: stderr was full", lost);
    if (write_now(format_log_line(now, LogLevel::Warning, words))) lost = 0;
  }
  if (lost > 0 || !write_now(line)) ++lost;
  if (other != nullptr) other->take(line);
}

void set_log_tee(LogTee* tee) {
  std::lock_guard lock(mutex);
  other = tee;
}

}  // namespace tealgate
