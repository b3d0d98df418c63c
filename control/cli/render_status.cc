#include "control/cli/render_status.h"

#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "control/cli/json_fields.h"
#include "control/cli/tone.h"
#include "control/wall_time.h"

namespace tealgate::cli {
namespace {

using json = nlohmann::ordered_json;

std::string painted(const std::string& text, Tone tone, const Look& look) {
  return painted(text, tone, look.colour ? Paint::On : Paint::Off);
}

std::string head_line(const json& service, const Look& look) {
  std::string state = text_of(service, "state");
  std::string by = text_of(service, "by");
  std::string why = text_of(service, "label");
  if (why.empty()) why = text_of(service, "reason");
  std::string who = joined({by, why.empty() ? "" : fmt::format("\"{}\"", why)}, ": ");
  std::string since = text_of(service, "since");
  return joined({painted(text_of(service, "name"), Tone::Strong, look),
                 painted(upper(state), tone_of_state(state), look),
                 fmt::format("revision {}", number_of(service, "revision")),
                 "serves " + painted(serves(service), Tone::Strong, look) +
                     (since.empty() ? "" : " since " + render_time(since, look.now)) +
                     (who.empty() ? "" : " (" + who + ")")},
                "  ");
}

std::string label_of_pool(const json& service, const std::string& name) {
  for (const json& pool : member(service, "pools")) {
    if (text_of(pool, "name") == name) return text_of(pool, "label");
  }
  return {};
}

std::string why_down(const json& server, const Look& look) {
  const json& check = member(server, "check");
  if (!check.is_object()) return {};
  return render_age(text_of(check, "since"), look.now) + ": " + outcome_of(check);
}

std::string server_part(const json& server, bool active, const Look& look) {
  std::string admin = text_of(server, "admin");
  std::string health = text_of(server, "health");
  std::string state = admin == "ready" ? health : admin;
  if (state == "down" && !active) state = "off";
  std::string text = text_of(server, "name") + " " + painted(state, tone_of_state(state), look);
  const json& check = member(server, "check");
  const bool is_failing = member(check, "ok") == false;  // not often enough to be down
  if (state == "up" && is_failing) {
    text += ", failing: " + outcome_of(check);
  } else if (state == "up" && check.is_object() && member(check, "latency_ms").is_number()) {
    text += fmt::format(" {:.0f} ms", std::max(1.0, member(check, "latency_ms").get<double>()));
  }
  if (state == "down") text += " " + why_down(server, look);
  std::uint64_t in_flight = number_of(server, "in_flight");
  if (in_flight > 0) text += fmt::format(", {} in flight", in_flight);
  std::uint64_t streams = number_of(server, "streams");
  if (streams > 0) text += fmt::format(" ({} stream{})", streams, streams == 1 ? "" : "s");
  return text;
}

std::string pool_line(const json& pool, std::size_t name_width, std::size_t label_width,
                      const Look& look) {
  bool active = member(pool, "active") == true;
  std::vector<std::string> servers;
  for (const json& server : member(pool, "servers"))
    servers.push_back(server_part(server, active, look));
  std::string name = fmt::format("{:<{}} {:>3} %", upper(text_of(pool, "name")), name_width,
                                 number_of(pool, "share"));
  std::string label =
      label_width ? fmt::format("{:<{}}  ", text_of(pool, "label"), label_width) : "";
  return painted(name, active ? Tone::Strong : Tone::Faint, look) + "  " + label +
         joined(servers, " · ");
}

struct TimeFormats {
  const char* today;
  const char* else_when;
};

std::string in_local_time(const std::string& time, WallTime now, TimeFormats formats) {
  Result<WallTime> parsed = parse_wall_time(time);
  if (!parsed) return time;
  auto local = [](WallTime each) {
    std::time_t seconds = WallClock::to_time_t(each);
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    return parts;
  };
  std::tm then = local(*parsed);
  std::tm today = local(now);
  bool same_day = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
  char text[32];
  std::size_t size =
      std::strftime(text, sizeof text, same_day ? formats.today : formats.else_when, &then);
  return std::string(text, size);
}

}  // namespace

std::string serves(const json& service) {
  std::vector<std::string> parts;
  for (const json& pool : member(service, "active")) {
    std::string name = pool.get<std::string>();
    parts.push_back(
        fmt::format("{} {} %", upper(name), number_of(member(service, "shares"), name.c_str())));
  }
  return parts.empty() ? "nothing" : joined(parts, " + ");
}

std::string way_back(const json& service) {
  const json& rollback = member(service, "rollback");
  const json& to = member(rollback, "to");
  if (!to.is_array())
    return "back: " + (text_of(rollback, "why").empty() ? "nowhere" : text_of(rollback, "why"));
  std::vector<std::string> pools = to.get<std::vector<std::string>>();
  std::string label = pools.size() == 1 ? label_of_pool(service, pools.front()) : "";
  return "back: " + joined({joined(pools, " "),
                            member(rollback, "possible") == true ? "possible" : "not possible",
                            text_of(rollback, "why"), label},
                           ", ");
}

std::string now_doing(const json& service) {
  const json& operation = member(service, "operation");
  if (!operation.is_object()) return "idle";
  std::vector<std::string> to;
  for (const json& word : member(operation, "to")) to.push_back(word.get<std::string>());
  return joined({fmt::format("{} to {} {}", text_of(operation, "kind"), joined(to, " "),
                             text_of(operation, "phase")),
                 text_of(operation, "by").empty()
                     ? ""
                     : fmt::format("({}, {})", text_of(operation, "by"), text_of(operation, "id"))},
                " ");
}

std::string lock_of(const json& service, const Look& look) {
  const json& lock = member(service, "lock");
  if (!lock.is_object()) return "unlocked";
  std::string until = text_of(lock, "expires_at");
  std::string reason = text_of(lock, "reason");
  return "locked by " + text_of(lock, "holder") +
         (until.empty() ? "" : " until " + render_time(until, look.now)) +
         (reason.empty() ? "" : fmt::format(" (\"{}\")", reason));
}

std::string outcome_of(const json& check) {
  std::string error = text_of(check, "error");
  std::uint64_t status = number_of(check, "status");
  std::string answer = !error.empty() ? error : status ? fmt::format("{}", status) : "";
  return joined({text_of(check, "what"), answer.empty() ? "" : "→ " + answer}, " ");
}

std::string render_service(const json& service, const Look& look) {
  std::string text = head_line(service, look) + "\n";
  text +=
      way_back(service) + " · now: " + now_doing(service) + ", " + lock_of(service, look) + "\n";
  std::size_t name_width = 0;
  std::size_t label_width = 0;
  for (const json& pool : member(service, "pools")) {
    name_width = std::max(name_width, text_of(pool, "name").size());
    label_width = std::max(label_width, text_of(pool, "label").size());
  }
  for (const json& pool : member(service, "pools")) {
    text += pool_line(pool, name_width, label_width, look) + "\n";
  }
  return text;
}

std::string render_time(const std::string& time, WallTime now) {
  return in_local_time(time, now, {"%H:%M", "%Y-%m-%d %H:%M"});
}

std::string render_second(const std::string& time, WallTime now) {
  return in_local_time(time, now, {"%H:%M:%S", "%Y-%m-%d %H:%M:%S"});
}

std::string render_age(const std::string& time, WallTime now) {
  Result<WallTime> parsed = parse_wall_time(time);
  if (!parsed || now < *parsed) return {};
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - *parsed).count();
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 2 * 3600) return fmt::format("{} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86400);
}

}  // namespace tealgate::cli
