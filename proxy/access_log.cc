#include "proxy/access_log.h"

#include <fmt/core.h>

#include "base/json.h"

namespace tealgate {

namespace {

std::string_view level_of(const AccessRecord& record) {
  const Fault fault = facts_of(record.failure).fault;
  if (fault == Fault::Server || fault == Fault::Proxy) return "error";
  return record.status >= 500 ? "warning" : "info";
}

void add_text(JsonWriter& json, std::string_view name, std::string_view text) {
  if (!text.empty()) json.field(name, text);
}

void add_tries(JsonWriter& json, std::span<const FailedTry> tries) {
  json.key("tries");
  json.begin_array();
  for (const FailedTry& one : tries) {
    json.value(one.status != 0 ? fmt::format("{}: {}", one.server, one.status)
                               : fmt::format("{}: {}", one.server, facts_of(one.failure).end));
  }
  json.end_array();
}

// In milliseconds, exact to the microsecond.
void add_time(JsonWriter& json, std::string_view name, Duration duration) {
  json.key(name);
  json.thousandths(std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

}  // namespace

void AccessLog::write(const AccessRecord& record) {
  if (!producer_.is_wanted()) return;
  line_.clear();
  const WallTime now = WallClock::now();
  format_ == AccessLogFormat::Json ? append_json_line(line_, record, now)
                                   : append_combined_line(line_, record, now);
  producer_.append(line_);
}

void append_json_line(std::string& out, const AccessRecord& record, WallTime now) {
  JsonWriter json(out);
  json.begin_object();
  json.field("ts", format_wall_time(now));
  json.field("level", level_of(record));
  add_text(json, "request_id", record.request_id);
  add_text(json, "trace_id", record.trace_id);
  add_text(json, "client_ip", record.client_ip);
  add_text(json, "service", record.service);
  add_text(json, "pool", record.pool);
  add_text(json, "server", record.server);
  if (record.revision != 0) json.field("revision", record.revision);
  add_text(json, "method", record.method);
  add_text(json, "scheme", record.scheme);
  add_text(json, "host", record.host);
  add_text(json, "path", record.path);
  if (record.minor_version >= 0) {
    json.field("proto", record.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1");
  }
  json.field("status", record.status);
  if (record.upstream_status != 0) json.field("upstream_status", record.upstream_status);
  json.field("attempts", record.attempts);
  if (record.attempts > 1) add_tries(json, record.tries);
  json.field("bytes_in", record.bytes_in);
  json.field("bytes_out", record.bytes_out);
  if (record.attempts > 0) add_time(json, "connect_ms", record.connect);
  if (record.ttfb != Duration::zero()) add_time(json, "ttfb_ms", record.ttfb);
  add_time(json, "duration_ms", record.ended - record.began);
  add_text(json, "user_agent", record.user_agent);
  add_text(json, "referer", record.referer);
  json.field("end", facts_of(record.failure).end);
  add_text(json, "detail", record.detail);
  json.end_object();
}

}  // namespace tealgate
