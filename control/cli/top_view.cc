#include "control/cli/top_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "control/cli/fitted_text.h"
#include "control/cli/json_fields.h"
#include "control/cli/printable.h"
#include "control/cli/tone.h"
#include "control/cli/top_table.h"

namespace tealgate::cli {
namespace {

using json = nlohmann::ordered_json;
using Lines = std::vector<ScreenLine>;

constexpr std::size_t kFewestEvents = 2;
constexpr std::size_t kRowsWithSparkline = 18;

std::string sort_word(SortBy sort) {
  static constexpr std::array<const char*, kSorts> kWords = {"pool", "req/s",     "errors",
                                                             "p99",  "in flight", "name"};
  return kWords.at(static_cast<std::size_t>(sort));
}

std::vector<std::string> service_names(const LiveModel& model) {
  std::vector<std::string> names;
  for (const auto& [name, service] : model.services().items()) names.push_back(name);
  return names;
}

// "2 of 3", where there are several.
std::string place_of(const LiveModel& model, const std::string& service) {
  const std::vector<std::string> names = service_names(model);
  if (names.size() < 2) return {};
  const auto place = std::ranges::find(names, service) - names.begin();
  return fmt::format(" ({} of {})", place + 1, names.size());
}

ScreenLine title(const LiveModel& model, const std::string& name, const json& service) {
  const std::string state = text_of(service, "state");
  ScreenLine line(name + place_of(model, name), Tone::Strong);
  line.add("  ").add(upper(state), tone_of_state(state));
  line.add(fmt::format("  revision {}  serves ", number_of(service, "revision")));
  return line.add(serves(service), Tone::Strong);
}

std::uint64_t in_flight(const json& service) {
  std::uint64_t sum = 0;
  for (const json& pool : member(service, "pools"))
    for (const json& server : member(pool, "servers")) sum += number_of(server, "in_flight");
  return sum;
}

ScreenLine figures(const LiveModel::Seconds& seconds, const json& service) {
  LiveModel::Second minute;
  for (const LiveModel::Second& second : seconds) {
    minute.requests += second.requests;
    minute.errors += second.errors;
  }
  const LiveModel::Second newest = seconds.empty() ? LiveModel::Second() : seconds.back();
  const double percent = minute.requests == 0 ? 0
                                              : 100.0 * static_cast<double>(minute.errors) /
                                                    static_cast<double>(minute.requests);
  ScreenLine line(count_text(newest.requests) + " req/s", Tone::Strong);
  line.add(" · ").add(fmt::format("5xx {:.2f} %", percent),
                      minute.errors > 0 ? Tone::Bad : Tone::Plain);
  line.add(fmt::format(" of a minute · p99 {}", latency_text(newest.p99)));
  return line.add(fmt::format("{} · {} in flight", newest.p99 ? " ms" : "", in_flight(service)));
}

ScreenLine sparkline(const LiveModel::Seconds& seconds) {
  static constexpr std::array<const char*, 8> kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::uint64_t most = 0;
  for (const LiveModel::Second& second : seconds) most = std::max(most, second.requests);
  std::string bars(LiveModel::kSeconds - seconds.size(), ' ');
  for (const LiveModel::Second& second : seconds)
    bars += kBars.at(most == 0 ? 0 : (second.requests * 7 + most - 1) / most);
  return ScreenLine(bars, Tone::Blue).add(fmt::format(" most {} req/s", count_text(most)));
}

Tone tone_of_level(const std::string& level) {
  return level == "error" ? Tone::Bad : level == "warning" ? Tone::Warning : Tone::Plain;
}

// The newest `room` events about the service or about none, newest last.
Lines newest_events(const LiveModel& model, const std::string& service, std::size_t room,
                    const Look& look) {
  Lines lines;
  for (auto event = model.events().rbegin(); event != model.events().rend() && lines.size() < room;
       ++event) {
    const std::string about = text_of(*event, "service");
    if (!about.empty() && about != service) continue;
    const std::string level = text_of(*event, "level");
    ScreenLine line(render_second(text_of(*event, "at"), look.now) + "  ", Tone::Faint);
    line.add(level == "info" ? "" : level + ": ", tone_of_level(level));
    line.add(text_of(*event, "message"), tone_of_level(level));
    lines.push_back(line);
  }
  std::ranges::reverse(lines);
  return lines;
}

ScreenLine keys(const TopState& state) {
  ScreenLine line;
  if (state.is_paused) line.add("PAUSED", Tone::Inverse).add("  ");
  return line.add(fmt::format("q quit  s sort ({})  n p service  space {}  ? help",
                              sort_word(state.sort), state.is_paused ? "go on" : "pause"),
                  Tone::Faint);
}

Lines help() {
  Lines lines;
  for (const char* text :
       {"Keys", "  q         quit", "  s         sort by pool, req/s, errors, p99, in flight, name",
        "  n, Tab    next service;  p  the one before", "  space     pause, and go on",
        "  ?         this help; any key ends it", "",
        "POOL letter and share of new requests · FLIGHT requests in flight · REQ/S last second",
        "ERR/M errors of the last minute: answers from 500 on, and what the server broke off",
        "P50 P95 P99 ms to the first byte, last second · CHECK since the last health check"})
    lines.emplace_back(text);
  return lines;
}

void append(Lines& lines, Lines more) {
  for (ScreenLine& line : more) lines.push_back(std::move(line));
}

Lines screen(const LiveModel& model, const TopState& state, ScreenSize size, const Look& look) {
  const std::string name = shown_service(model, state.service);
  const json& service = member(model.services(), name.c_str());
  const LiveModel::Seconds& seconds = model.of_service(name);
  Lines lines;
  if (!state.trouble.empty()) lines.emplace_back("NOT CURRENT: " + state.trouble, Tone::Bad);
  if (name.empty()) {
    lines.emplace_back(model.is_known() ? "There is no service to show."
                                        : "Waiting for the daemon…");
    return lines;
  }
  if (!service.is_object()) {
    lines.emplace_back("There is no service \"" + printable(name) + "\" any more.", Tone::Bad);
    lines.emplace_back("n or p shows another one; if it comes back, it is shown again.");
    return lines;
  }
  lines.push_back(title(model, name, service));
  lines.push_back(figures(seconds, service));
  lines.emplace_back(way_back(service) + " · now: " + now_doing(service) + ", " +
                     lock_of(service, look));
  if (size.rows >= kRowsWithSparkline) lines.push_back(sparkline(seconds));
  const std::size_t below = kFewestEvents + 2;  // with their title and the keys
  append(lines, server_table(model, state, {size.rows - lines.size() - below, size.columns}, look));
  lines.emplace_back(left("EVENTS", size.columns), Tone::Inverse);
  append(lines, newest_events(model, name, size.rows - lines.size() - 1, look));
  return lines;
}

}  // namespace

std::vector<std::string> top_lines(const LiveModel& model, const TopState& state, ScreenSize size,
                                   const Look& look) {
  const Paint paint = look.colour ? Paint::On : Paint::Off;
  if (size.rows < kSmallestScreen.rows || size.columns < kSmallestScreen.columns) {
    return {cut_to(fmt::format("This terminal is too small: {}×{}", size.columns, size.rows),
                   size.columns),
            cut_to(fmt::format("tealgate top needs {}×{}; q quits", kSmallestScreen.columns,
                               kSmallestScreen.rows),
                   size.columns)};
  }
  Lines lines = state.shows_help ? help() : screen(model, state, size, look);
  while (lines.size() + 1 < size.rows) lines.emplace_back();
  lines.push_back(keys(state));
  std::vector<std::string> text;
  for (const ScreenLine& line : lines) text.push_back(line.text(size.columns, paint));
  return text;
}

std::string shown_service(const LiveModel& model, const std::string& wanted) {
  const std::vector<std::string> names = service_names(model);
  return !wanted.empty() || names.empty() ? wanted : names.front();
}

std::string next_service(const LiveModel& model, const std::string& from, int step) {
  const std::vector<std::string> names = service_names(model);
  if (names.empty()) return {};
  const auto count = static_cast<std::ptrdiff_t>(names.size());
  const auto shown = std::ranges::find(names, shown_service(model, from));
  if (shown == names.end()) return step > 0 ? names.front() : names.back();
  return names[static_cast<std::size_t>((shown - names.begin() + step + count) % count)];
}

}  // namespace tealgate::cli
