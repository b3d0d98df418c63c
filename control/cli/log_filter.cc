#include "control/cli/log_filter.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "control/cli/json_fields.h"
#include "control/cli/printable.h"
#include "control/cli/render_status.h"
#include "control/cli/requests.h"
#include "control/scalar_values.h"

namespace tealgate::cli {
namespace {

using json = nlohmann::ordered_json;

std::optional<StatusRange> parse_status(std::string_view text) {
  if (text.size() != 3 || text[0] < '1' || text[0] > '5') return std::nullopt;
  const int hundred = (text[0] - '0') * 100;
  if (text.substr(1) == "xx") return StatusRange{hundred, hundred + 99};
  int status = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), status);
  if (parsed.ptr != text.data() + text.size()) return std::nullopt;
  return StatusRange{status, status};
}

std::string milliseconds(const json& line) {
  const json& duration = member(line, "duration_ms");
  return duration.is_number() ? fmt::format("{:.0f} ms", duration.get<double>()) : "";
}

}  // namespace

std::vector<StatusRange> parse_statuses(const std::string& text) {
  std::vector<StatusRange> ranges;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const auto range = parse_status(std::string_view(text).substr(at, comma - at));
    if (!range) return {};
    ranges.push_back(*range);
    at = comma + 1;
  }
  return ranges;
}

LogFilter::LogFilter(const Arguments& arguments, WallTime now)
    : statuses_(parse_statuses(arguments.text("status"))) {
  const Target pool = parse_pool_word(arguments.text("pool"));
  const Target server = parse_server_word(arguments.text("server"));
  for (const std::string& service : {arguments.service, pool.service, server.service})
    want("service", service);
  for (const std::string& name : {pool.pool, server.pool}) want("pool", name);
  want("server", server.server);
  want("end", arguments.text("end"));
  const Result<Duration> back = parse_duration(arguments.text("since"));
  if (arguments.has("since") && back)
    since_ = format_wall_time(now - std::chrono::duration_cast<WallClock::duration>(*back));
}

void LogFilter::want(const char* field, const std::string& value) {
  if (!value.empty()) wanted_.push_back({field, value});
}

LogVerdict LogFilter::judge(std::string_view line) const {
  if (!is_choosy()) return LogVerdict::Shown;
  const json object = json::parse(line, nullptr, false);
  if (!object.is_object()) return LogVerdict::LeftOut;
  const json& ts = member(object, "ts");
  if (!since_.empty() && (!ts.is_string() || ts.get_ref<const std::string&>() < since_))
    return LogVerdict::TooOld;
  for (const Wanted& wanted : wanted_)
    if (member(object, wanted.field) != wanted.value) return LogVerdict::LeftOut;
  const int status = static_cast<int>(number_of(object, "status"));
  const bool fits = statuses_.empty() || std::ranges::any_of(statuses_, [&](StatusRange range) {
                      return status >= range.first && status <= range.last;
                    });
  return fits ? LogVerdict::Shown : LogVerdict::LeftOut;
}

std::string describe_log_line(std::string_view line, WallTime now) {
  const json object = json::parse(line, nullptr, false);
  if (!object.is_object()) return printable(std::string(line));
  const std::string end = text_of(object, "end");
  const std::string status = fmt::format("{:3}", number_of(object, "status"));
  const std::string server =
      joined({text_of(object, "service"), text_of(object, "pool"), text_of(object, "server")}, "/");
  return joined(
      {render_second(text_of(object, "ts"), now), status,
       joined({text_of(object, "method"), text_of(object, "host") + text_of(object, "path")}, " "),
       server, milliseconds(object), end == "ok" ? "" : end, text_of(object, "detail")},
      "  ");
}

}  // namespace tealgate::cli
