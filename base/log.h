// The daemon's own log: one line a message on stderr, for whoever runs it. The access log is
// base/log_writer.
//
// Any thread may log. A message never blocks its thread: where stderr takes nothing (a full pipe),
// the line is dropped and the next one that gets through says how many were. Control characters are
// escaped, so that a message stays one line.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/log_tee.h"

namespace tealgate {

enum class LogLevel { Info, Warning, Error };

// "2026-11-22T14:02:11.123Z warning message\n", at most 4096 bytes.
std::string format_log_line(WallTime time, LogLevel level, std::string_view message);

void log_line(LogLevel level, std::string_view message);

// From now on `tee` gets each line, too, and when this returns the one before gets none any more.
// Null: nobody does. It must not log.
void set_log_tee(LogTee* tee);

template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::Info, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::Warning, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::Error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace tealgate
