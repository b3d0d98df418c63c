// nginx's `combined` format, as ngx_http_log_module writes it:
//
//   client - user [time] "request" status body_bytes "referer" "user agent"
//
// The user is always "-": Tealgate asks nobody for a password. The time is UTC. The request's
// target stands without its query, which may hold what no log should keep.
#include <fmt/chrono.h>
#include <fmt/core.h>

#include <iterator>

#include "proxy/access_log.h"

namespace tealgate {
namespace {

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// As `log_format`'s default escaping: quotes, backslashes, and all that is not visible ASCII.
void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte <= 0x7e && c != '"' && c != '\\') {
      out += c;
      continue;
    }
    out += "\\x";
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
}

// "-" where there is none; an empty field is empty.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text.data() == nullptr ? "-" : text);
  out += '"';
}

void append_request(std::string& out, const AccessRecord& record) {
  if (record.minor_version < 0) return append_quoted(out, {});
  out += '"';
  append_escaped(out, record.method);
  out += ' ';
  append_escaped(out, record.path);
  out += record.minor_version == 0 ? " HTTP/1.0\"" : " HTTP/1.1\"";
}

// The same second is asked for again and again.
std::string_view local_time(WallTime now) {
  static thread_local std::time_t second = -1;
  static thread_local std::string text;
  const std::time_t wanted = WallClock::to_time_t(now);
  if (wanted == second) return text;
  const std::tm utc = fmt::gmtime(wanted);
  text = fmt::format("{:02}/{}/{}:{:02}:{:02}:{:02} +0000", utc.tm_mday,
                     kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
  second = wanted;
  return text;
}

}  // namespace

void append_combined_line(std::string& out, const AccessRecord& record, WallTime now) {
  append_escaped(out, record.client_ip.empty() ? "-" : record.client_ip);
  out += " - - [";
  out += local_time(now);
  out += "] ";
  append_request(out, record);
  fmt::format_to(std::back_inserter(out), " {:03} {} ", record.status, record.body_out);
  append_quoted(out, record.referer);
  out += ' ';
  append_quoted(out, record.user_agent);
}

}  // namespace tealgate
