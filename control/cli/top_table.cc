#include "control/cli/top_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "control/cli/fitted_text.h"
#include "control/cli/json_fields.h"
#include "control/cli/tone.h"

namespace tealgate::cli {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t kCheckColumns = 6;
constexpr std::size_t kCountColumns = 6;
constexpr std::size_t kLatencyColumns = 5;
constexpr std::size_t kHealthColumns = 11;
constexpr std::size_t kNameColumns = 15;  // as many as 80 columns leave
// All columns but the name's, with the blanks between them.
constexpr std::size_t kFixedColumns = 7 + (1 + kHealthColumns) + 3 * (1 + kCountColumns) +
                                      3 * (1 + kLatencyColumns) + 1 + kCheckColumns;

struct Row {
  const json* pool;
  const json* server;
  std::string name;
  LiveModel::Second newest;
  std::uint64_t errors = 0;  // of the last minute
};

Row make_row(const LiveModel& model, const std::string& service, const json& pool,
             const json& server) {
  const auto& seconds =
      model.of_server(service, member(pool, "name").get<std::string>(), server.value("name", ""));
  Row row{&pool, &server, text_of(server, "name"), {}, 0};
  if (!seconds.empty()) row.newest = seconds.back();
  for (const LiveModel::Second& second : seconds) row.errors += second.errors;
  return row;
}

std::vector<Row> make_rows(const LiveModel& model, const TopState& state) {
  const std::string service = shown_service(model, state.service);
  std::vector<Row> rows;
  for (const json& pool : member(member(model.services(), service.c_str()), "pools")) {
    if (!member(pool, "name").is_string()) continue;
    for (const json& server : member(pool, "servers"))
      rows.push_back(make_row(model, service, pool, server));
  }
  auto by = [&rows](auto key) { std::ranges::stable_sort(rows, std::ranges::greater(), key); };
  switch (state.sort) {
    case SortBy::Pool:
      break;
    case SortBy::Requests:
      by([](const Row& row) { return row.newest.requests; });
      break;
    case SortBy::Errors:
      by([](const Row& row) { return row.errors; });
      break;
    case SortBy::P99:
      by([](const Row& row) { return row.newest.p99.value_or(-1); });
      break;
    case SortBy::InFlight:
      by([](const Row& row) { return number_of(*row.server, "in_flight"); });
      break;
    case SortBy::Name:
      std::ranges::stable_sort(rows, std::ranges::less(), &Row::name);
      break;
  }
  return rows;
}

bool is_active(const json& pool) {
  return member(pool, "active") == true;
}

bool is_failing(const json& server) {
  return member(member(server, "check"), "ok") == false;
}

std::string health_word(const Row& row) {
  const std::string admin = text_of(*row.server, "admin");
  if (admin != "ready") return admin;
  const std::string health = text_of(*row.server, "health");
  if (health == "down" && !is_active(*row.pool)) return "off";
  return health == "up" && is_failing(*row.server) ? "up, failing" : health;
}

Tone tone_of_pool(const json& service, const json& pool) {
  if (!is_active(pool)) return Tone::Faint;
  const json& pools = member(service, "pools");
  const std::size_t place = static_cast<std::size_t>(&pool - &pools.front());
  const std::string name = text_of(pool, "name");
  if (name == "blue" || (name != "green" && place == 0)) return Tone::Blue;
  return name == "green" || place == 1 ? Tone::Green : Tone::Strong;
}

ScreenLine head_of(std::size_t name_columns, std::size_t columns) {
  std::string text =
      "POOL   " + left("SERVER", name_columns) + " " + left("HEALTH", kHealthColumns);
  for (const char* title : {"FLIGHT", "REQ/S", "ERR/M"}) text += " " + right(title, kCountColumns);
  for (const char* title : {"P50", "P95", "P99"}) text += " " + right(title, kLatencyColumns);
  text += " " + right("CHECK", kCheckColumns);
  return ScreenLine(left(text, columns), Tone::Inverse);
}

ScreenLine line_of(const Row& row, const json& service, std::size_t name_columns,
                   const Look& look) {
  const std::string pool = letter_of(service, text_of(*row.pool, "name")) +
                           right(fmt::format("{}%", number_of(*row.pool, "share")), 5) + " ";
  const std::string word = health_word(row);
  const std::string state = word.substr(0, word.find(','));
  const Tone tone = state == word ? tone_of_state(state) : Tone::Warning;
  const std::string age = render_age(text_of(member(*row.server, "check"), "at"), look.now);
  ScreenLine line(pool, tone_of_pool(service, *row.pool));
  line.add(left(row.name, name_columns) + " ").add(left(word, kHealthColumns), tone);
  line.add(" " + right(count_text(number_of(*row.server, "in_flight")), kCountColumns));
  line.add(" " + right(count_text(row.newest.requests), kCountColumns));
  line.add(" " + right(count_text(row.errors), kCountColumns),
           row.errors > 0 ? Tone::Bad : Tone::Plain);
  for (const auto& latency : {row.newest.p50, row.newest.p95, row.newest.p99})
    line.add(" " + right(latency_text(latency), kLatencyColumns));
  return line.add(" " + right(age.empty() ? "–" : age, kCheckColumns));
}

ScreenLine reason_of(const Row& row, const Look& look) {
  const json& check = member(*row.server, "check");
  std::string body = text_of(check, "body");
  body.erase(body.find_last_not_of(' ') + 1);  // of its last line's end
  const std::string since = render_age(text_of(check, "since"), look.now);
  const std::string text = joined({outcome_of(check), body.empty() ? "" : "\"" + body + "\""}, " ");
  return ScreenLine("       └ " + (since.empty() ? "" : since + ": ") + text,
                    is_active(*row.pool) ? Tone::Bad : Tone::Faint);
}

// On a wide terminal the figures stay beside the names.
std::size_t columns_for_names(const std::vector<Row>& rows, std::size_t most) {
  std::size_t longest = kNameColumns;
  for (const Row& row : rows) longest = std::max(longest, columns_of(row.name));
  return std::min(longest, most);
}

}  // namespace

std::vector<ScreenLine> server_table(const LiveModel& model, const TopState& state, ScreenSize room,
                                     const Look& look) {
  const std::vector<Row> rows = make_rows(model, state);
  const json& service = member(model.services(), shown_service(model, state.service).c_str());
  const std::size_t name_columns = columns_for_names(rows, room.columns - kFixedColumns);
  std::vector<ScreenLine> lines = {head_of(name_columns, room.columns)};
  std::size_t shown = 0;
  for (const Row& row : rows) {
    const std::size_t wanted = 1 + (is_failing(*row.server) ? 1 : 0);
    const std::size_t kept = shown + 1 < rows.size() ? 1 : 0;  // for how many are left out
    if (lines.size() + wanted + kept > room.rows) break;
    lines.push_back(line_of(row, service, name_columns, look));
    if (wanted == 2) lines.push_back(reason_of(row, look));
    ++shown;
  }
  if (shown < rows.size()) {
    lines.push_back(ScreenLine(
        fmt::format("       … {} more; a taller terminal shows them", rows.size() - shown),
        Tone::Faint));
  }
  return lines;
}

std::string letter_of(const json& service, const std::string& pool) {
  std::string taken;
  for (const json& each : member(service, "pools")) {
    const std::string name = text_of(each, "name");
    std::string letter;
    for (char c : upper(name) + "123456789") {
      if (letter.empty() && taken.find(c) == taken.npos) letter = c;
    }
    if (name == pool) return letter.empty() ? "?" : letter;
    taken += letter;
  }
  return "?";
}

std::string count_text(std::uint64_t count) {
  if (count >= 1'000'000) return fmt::format("{:.1f}M", static_cast<double>(count) / 1e6);
  if (count >= 1000) return fmt::format("{} {:03}", count / 1000, count % 1000);
  return std::to_string(count);
}

std::string latency_text(const std::optional<double>& ms) {
  if (!ms) return "–";
  if (*ms >= 99'999) return ">99 s";
  return *ms < 9.95 ? fmt::format("{:.1f}", *ms) : fmt::format("{:.0f}", *ms);
}

}  // namespace tealgate::cli
