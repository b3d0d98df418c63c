#include "control/loki_payload.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/json.h"

namespace tealgate {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A clock that was set back by more is believed.
constexpr std::int64_t kSlack = nanoseconds(std::chrono::seconds(1)).count();

// A line, and what the push says of it. The views are JSON already: they are parts of the line.
struct Entry {
  std::int64_t time = 0;
  LokiChunk::Origin origin;
  std::string_view line, service = {}, pool = {}, request_id = {}, trace_id = {};

  bool is_of_stream(const Entry& other) const {
    return origin == other.origin && service == other.service && pool == other.pool;
  }
};

// The value of a text field, without its quotes, as it stands in the line. Inside of texts quotes
// are escaped, so that nothing a client sent looks like a field.
std::string_view text_field(std::string_view line, std::string_view begin) {
  const std::size_t at = line.find(begin);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = line.substr(at + begin.size());
  std::size_t end = 0;
  while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
  return rest.substr(0, end);
}

int number(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  for (std::size_t i = at; i < at + digits; ++i) value = value * 10 + (text[i] - '0');
  return value;
}

// format_wall_time() the other way round; this is done for each line.
std::int64_t time_of(std::string_view text, WallTime now) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
  const bool is_time = text.size() >= kForm.size() &&
                       std::equal(kForm.begin(), kForm.end(), text.begin(), [](char form, char c) {
                         return form == '0' ? c >= '0' && c <= '9' : c == form;
                       });
  if (!is_time) return std::chrono::duration_cast<nanoseconds>(now.time_since_epoch()).count();
  const std::chrono::year_month_day day(
      std::chrono::year(number(text, 0, 4)),
      std::chrono::month(static_cast<unsigned>(number(text, 5, 2))),
      std::chrono::day(static_cast<unsigned>(number(text, 8, 2))));
  const nanoseconds time =
      std::chrono::sys_days(day).time_since_epoch() + std::chrono::hours(number(text, 11, 2)) +
      std::chrono::minutes(number(text, 14, 2)) + std::chrono::seconds(number(text, 17, 2)) +
      milliseconds(number(text, 20, 3));
  return time.count();
}

Entry entry_of(LokiChunk::Origin origin, std::string_view line, WallTime now) {
  Entry entry{.origin = origin, .line = line};
  if (origin == LokiChunk::Origin::Daemon) {
    entry.time = time_of(line, now);
    return entry;
  }
  constexpr std::string_view kTime = R"({"ts":")";
  entry.time = time_of(line.starts_with(kTime) ? line.substr(kTime.size()) : "", now);
  entry.service = text_field(line, R"(,"service":")");
  entry.pool = text_field(line, R"(,"pool":")");
  entry.request_id = text_field(line, R"(,"request_id":")");
  entry.trace_id = text_field(line, R"(,"trace_id":")");
  return entry;
}

std::vector<Entry> entries_of(const std::vector<LokiChunk>& chunks, WallTime now) {
  std::vector<Entry> entries;
  for (const LokiChunk& chunk : chunks) {
    std::string_view rest = chunk.lines;
    for (std::size_t end; (end = rest.find('\n')) != rest.npos; rest.remove_prefix(end + 1)) {
      entries.push_back(entry_of(chunk.origin, rest.substr(0, end), now));
    }
  }
  std::ranges::stable_sort(entries, {}, &Entry::time);
  return entries;
}

void append_raw(std::string& out, std::string_view name, std::string_view json) {
  if (json.empty()) return;
  if (out.back() != '{') out += ',';
  out += '"';
  out += name;
  out += "\":\"";
  out += json;
  out += '"';
}

void append_labels(std::string& out, const Entry& first, const LokiPayload::Labels& labels) {
  out += R"({"stream":{)";
  append_raw(out, "stream", first.origin == LokiChunk::Origin::Access ? "access" : "daemon");
  append_raw(out, "service", first.service);
  append_raw(out, "pool", first.pool);
  for (const auto& [name, value] : labels) {
    out += ',';
    append_json_string(out, name);
    out += ':';
    append_json_string(out, value);
  }
  out += R"(},"values":[)";
}

void append_value(std::string& out, const Entry& entry) {
  fmt::format_to(std::back_inserter(out), "[\"{}\",", entry.time);
  append_json_string(out, entry.line);
  if (!entry.request_id.empty() || !entry.trace_id.empty()) {
    out += ",{";
    append_raw(out, "request_id", entry.request_id);
    append_raw(out, "trace_id", entry.trace_id);
    out += '}';
  }
  out += "],";
}

struct Stream {
  const Entry* first;
  std::vector<const Entry*> entries;
};

// A handful: pools times two.
std::vector<Stream> streams_of(const std::vector<Entry>& entries) {
  std::vector<Stream> streams;
  for (const Entry& entry : entries) {
    auto found = std::ranges::find_if(
        streams, [&](const Stream& stream) { return stream.first->is_of_stream(entry); });
    if (found == streams.end()) found = streams.insert(streams.end(), {&entry, {}});
    found->entries.push_back(&entry);
  }
  return streams;
}

}  // namespace

std::string LokiPayload::encode(const std::vector<LokiChunk>& chunks, const Labels& labels,
                                WallTime now) {
  std::vector<Entry> entries = entries_of(chunks, now);
  for (Entry& entry : entries) {
    const bool is_behind = entry.time <= last_ && entry.time > last_ - kSlack;
    last_ = entry.time = is_behind ? last_ + 1 : entry.time;
  }
  std::string body = R"({"streams":[)";
  for (const Stream& stream : streams_of(entries)) {
    append_labels(body, *stream.first, labels);
    for (const Entry* entry : stream.entries) append_value(body, *entry);
    body.back() = ']';  // in place of the last comma
    body += "},";
  }
  if (body.back() == ',') body.pop_back();
  return body + "]}";
}

}  // namespace tealgate
