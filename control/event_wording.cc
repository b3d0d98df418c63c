#include "control/event_wording.h"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "control/gates.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

struct Said {
  std::string event;
  std::string_view level = "info";
  std::string message;
};

std::string text(const Json& line, const char* field) {
  const auto found = line.find(field);
  return found != line.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string words(const Json& line, const char* field) {
  const auto found = line.find(field);
  if (found == line.end() || !found->is_array()) return "";
  std::string all;
  for (const Json& word : *found) {
    if (!word.is_string()) continue;
    all += (all.empty() ? "" : " ") + word.get<std::string>();
  }
  return all;
}

// "by ci: hotfix", with a space before it; empty if nobody is named.
std::string doer(const Json& line) {
  const std::string by = text(line, "by"), reason = text(line, "reason");
  return (by.empty() ? "" : " by " + by) + (reason.empty() ? "" : ": " + reason);
}

std::string subject(const Json& line) {
  if (text(line, "kind") != "server") return text(line, "service");
  return fmt::format("{}/{}/{}", text(line, "service"), text(line, "pool"), text(line, "server"));
}

std::string change(const Json& line) {
  if (text(line, "kind") == "server")
    return fmt::format("{}: {}", subject(line), words(line, "to"));
  return fmt::format("{}: {} → {}", subject(line), words(line, "from"), words(line, "to"));
}

std::string error_of(const Json& line) {
  const auto found = line.find("error");
  if (found == line.end()) return text(line, "message");
  return found->is_object()   ? text(*found, "message")
         : found->is_string() ? found->get<std::string>()
                              : "";
}

std::string drained(const Json& line) {
  const auto drain = line.find("drain");
  if (drain == line.end() || !drain->is_object()) return "";
  const Json cut = drain->value("cut", Json::object());
  const auto lost = cut.value("http", 0) + cut.value("stream", 0);
  return fmt::format("; drained: {} finished, {} cut", drain->value("finished", 0), lost);
}

Said of_operation(const Json& line, const std::string& event) {
  const std::string kind = text(line, "kind");
  const std::string verdict = text(line, "verdict");
  if (event == "decided") {
    return {kind + ".decided", "info",
            fmt::format("{}, revision {}{}", change(line), line.value("revision", 0), doer(line))};
  }
  if (event == "refused") {
    return {kind + ".refused", "warning",
            fmt::format("{} refused: {}", change(line), error_of(line))};
  }
  if (event == "finished" && verdict == "rolled_back") {
    return {kind + ".rolled_back", "warning", fmt::format("{}: {}", change(line), error_of(line))};
  }
  if (event == "finished" && verdict == "done") {
    return {kind + ".done", "info", change(line) + " done" + drained(line)};
  }
  return {kind + ".interrupted", "warning",
          change(line) + ": the daemon ended before this did; the decision stands"};
}

Said of_daemon(const Json& line, const std::string& event) {
  if (event == "decided") {
    return {"service.begun", "info",
            fmt::format("{}: begins with {}{}", subject(line), words(line, "to"), doer(line))};
  }
  if (event == "locked") return {"lock.taken", "info", subject(line) + ": locked" + doer(line)};
  if (event == "unlocked")
    return {"lock.released", "info", subject(line) + ": unlocked" + doer(line)};
  if (event == "reloaded") return {"reload.done", "info", "the config was reloaded" + doer(line)};
  if (event == "reload_refused") {
    return {"reload.refused", "error", "reload refused, nothing was changed: " + error_of(line)};
  }
  if (event == "upgraded") return {"upgrade.done", "info", "another daemon took over" + doer(line)};
  if (event == "upgrade_refused") {
    return {"upgrade.refused", "warning", "no upgrade: " + error_of(line)};
  }
  if (event == "upgrade_taken_back") {
    return {"upgrade.taken_back", "warning", "the daemon before goes on: " + error_of(line)};
  }
  constexpr std::string_view kCertificate = "certificate_";
  if (event.starts_with(kCertificate)) {
    return {"certificate." + event.substr(kCertificate.size()),
            event == "certificate_renewed" ? "info" : "warning", error_of(line)};
  }
  return {"history." + event, "info", event + doer(line)};
}

Json with(const Said& said, const std::string& at) {
  Json event;
  event["at"] = at;
  event["event"] = said.event;
  event["level"] = said.level;
  event["message"] = said.message;
  return event;
}

}  // namespace

Json event_of_history(const Json& line) {
  if (!line.is_object()) return nullptr;
  const std::string name = text(line, "event");
  Json event = with(text(line, "kind").empty() ? of_daemon(line, name) : of_operation(line, name),
                    text(line, "at"));
  for (const auto& [field, value] : line.items()) {
    if (!event.contains(field)) event[field] = value;
  }
  return event;
}

Json event_of_health(const ServerKey& server, const HealthEvidence& now, const Snapshot& snapshot) {
  if (now.health == Health::Unknown) return nullptr;
  const bool is_up = now.health == Health::Up;
  const Service* service = snapshot.find_service(server.service);
  const bool is_missed = !is_up && service != nullptr && service->split.is_active(server.pool);
  Json event = with({is_up ? "server.up" : "server.down", is_missed ? "warning" : "info",
                     fmt::format("{}/{}/{} {}: {}", server.service, server.pool, server.server,
                                 to_string(now.health), outcome_of(now))},
                    format_wall_time(now.since));
  event["service"] = server.service;
  event["pool"] = server.pool;
  event["server"] = server.server;
  return event;
}

Json event_of_loki(LokiPace::News news, std::string_view sentence) {
  using enum LokiPace::News;
  if (news == Works) return event_of_daemon("loki.works", "info", sentence);
  return event_of_daemon(news == Fails     ? "loki.failing"
                         : news == Refuses ? "loki.refusing"
                                           : "loki.lagging",
                         "warning", sentence);
}

Json event_of_access_log(LogWriter::News news, std::string_view sentence) {
  if (news == LogWriter::News::Works) return event_of_daemon("log.works", "info", sentence);
  return event_of_daemon("log.failing", "error", sentence);
}

Json event_of_daemon(std::string_view event, std::string_view level, std::string_view message) {
  return with({std::string(event), level, std::string(message)},
              format_wall_time(WallClock::now()));
}

}  // namespace tealgate
