// The access log's line: one for each exchange, a JSON object or in nginx's combined format,
// appended by the worker and written by the LogWriter's thread. docs/logs.md describes every field.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log_writer.h"
#include "http/failure.h"
#include "upstream/access_log_format.h"

namespace tealgate {

// An attempt that came to nothing.
struct FailedTry {
  std::string server;
  Failure failure = Failure::None;
  int status = 0;  // of an answer in whose place another was asked
};

// What is known of an exchange at its end. Empty views and zero numbers are left out of the line
// where they mean "none".
struct AccessRecord {
  std::string_view request_id = {}, trace_id = {}, client_ip = {}, service = {}, pool = {},
                   server = {};
  std::uint64_t revision = 0;  // of the service, when the request was routed; 0: no service
  std::string_view method = {}, host = {}, path = {}, user_agent = {}, referer = {};
  std::string_view detail = {};  // a literal of ours that explains a bad end
  Failure failure = Failure::None;
  int minor_version = -1;  // -1: no head was understood
  std::string_view scheme = {};
  int status = 0;  // what the client was sent; 0: nothing
  int upstream_status = 0;
  unsigned attempts = 0;
  std::span<const FailedTry> tries = {};
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t body_out = 0;  // of bytes_out, what came behind the response's head
  TimePoint began = {}, ended = {};
  Duration connect{};  // of the last attempt; zero on a reused connection
  Duration ttfb{};     // from the exchange's begin to the response head
};

// Where a worker's lines go, and what they look like.
struct AccessLogTarget {
  LogWriter& writer;
  AccessLogFormat format = AccessLogFormat::Json;
};

// Appends the line that is written, without its newline.
void append_json_line(std::string& out, const AccessRecord& record, WallTime now);
// The same as nginx's `combined` has it.
void append_combined_line(std::string& out, const AccessRecord& record, WallTime now);

class AccessLog {
 public:
  explicit AccessLog(const AccessLogTarget& target)
      : format_(target.format), producer_(target.writer) {}

  // Never blocks; a line that finds no room is dropped and counted.
  void write(const AccessRecord& record);

 private:
  const AccessLogFormat format_;
  LogWriter::Producer producer_;
  std::string line_;
};

}  // namespace tealgate
