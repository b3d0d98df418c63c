#include "control/cli/results.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "control/cli/json_fields.h"
#include "control/cli/render_status.h"

namespace tealgate::cli {
namespace {

using json = nlohmann::ordered_json;

// As it came, perhaps of many lines.
std::string lines_of(const json& object, const char* key) {
  auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_true(const json& object, const char* key) {
  auto found = object.find(key);
  return found != object.end() && *found == true;
}

std::string words_of(const json& object, const char* key) {
  auto found = object.find(key);
  std::string text;
  if (found == object.end() || !found->is_array()) return text;
  for (const json& word : *found) {
    if (!text.empty()) text += ' ';
    text += word.get<std::string>();
  }
  return text;
}

std::string milliseconds(std::uint64_t count) {
  return format_duration(std::chrono::milliseconds(count));
}

std::string describe_drain(const json& object) {
  auto found = object.find("drain");
  if (found == object.end() || !found->is_object()) return {};
  const json& drain = *found;
  json cut = drain.value("cut", json::object());
  std::uint64_t cuts = number_of(cut, "http") + number_of(cut, "stream");
  std::string text = is_true(drain, "drained") ? "; drained in " : "; not drained in ";
  text += milliseconds(number_of(drain, "took_ms"));
  text += fmt::format(": {} finished, {} cut", number_of(drain, "finished"), cuts);
  if (number_of(drain, "left") > 0) text += fmt::format(", {} left", number_of(drain, "left"));
  const std::uint64_t streams = number_of(drain, "left_streams");
  if (streams > 0) text += fmt::format(" ({} stream{})", streams, streams == 1 ? "" : "s");
  return text;
}

std::string describe_server(const json& result) {
  std::string name = fmt::format("{}/{}/{}", text_of(result, "service"), text_of(result, "pool"),
                                 text_of(result, "server"));
  std::string state = text_of(result, "state");
  if (state != "ready") state = "in " + state;
  return fmt::format("{} {} {}", name, is_true(result, "changed") ? "is now" : "was already",
                     state) +
         describe_drain(result);
}

std::string describe_split(const json& result) {
  std::string service = text_of(result, "service");
  std::string to = words_of(result, "to");
  std::string revision = fmt::format("revision {}", number_of(result, "revision"));
  std::string gate = text_of(result, "gate");
  std::string text;
  if (is_true(result, "dry_run") && words_of(result, "from") != to) {
    text = fmt::format("{}: would switch {} → {}", service, words_of(result, "from"), to);
  } else if (!is_true(result, "changed")) {
    std::string undone_by = text_of(result, "by");
    text =
        fmt::format("{}: nothing to do, {}{} serves, {}", service,
                    undone_by.empty() ? "" : "already undone by " + undone_by + ": ", to, revision);
  } else {
    text = fmt::format("{}: {} → {}, {}, in {}", service, words_of(result, "from"), to, revision,
                       milliseconds(number_of(result, "took_ms")));
  }
  if (is_true(result, "forced")) text += "; forced";
  if (!gate.empty()) text += "; gate: " + gate;
  text += describe_drain(result);
  if (is_true(result, "superseded")) text += "; superseded by a later operation";
  return text;
}

std::string describe_server_of_gate(const json& server) {
  std::string pool = text_of(server, "pool");
  std::string name = text_of(server, "server");
  std::string address = text_of(server, "address");
  std::string text = (pool.empty() ? "" : pool + "/") + name;
  if (!address.empty() && address != name) text += " (" + address + ")";
  std::string admin = text_of(server, "admin");
  if (!admin.empty() && admin != "ready") return text + " in " + admin + ", does not count";
  bool up = is_true(server, "up");
  text += up ? " up" : " down";
  if (up) return text;
  std::uint64_t since = number_of(server, "since_ms");
  if (since > 0) text += " " + milliseconds(since);
  text += ": " + text_of(server, "check");
  std::uint64_t status = number_of(server, "status");
  std::string error = text_of(server, "error");
  std::string body = text_of(server, "body");
  if (status > 0) text += fmt::format(" → {}", status);
  if (!error.empty()) text += (status > 0 ? ", " : " → ") + error;
  if (!body.empty()) text += fmt::format(" \"{}\"", body);
  return text;
}

// It may have read the request, or read it later. Of a question nothing comes but an answer.
json unanswered(const Answer& answer, const Request& request, const std::string& again) {
  const std::string what = "the daemon does not answer: " + answer.error +
                           "; it is busy or stopped, or all places of its socket are taken";
  if (request.method == "GET") return own_error("not_reachable", 3, what, "");
  return own_error("connection_lost", 14, what + "; it may have read the request or not", again);
}

}  // namespace

std::string describe_result(const json& result) {
  return result.contains("server") ? describe_server(result) : describe_split(result);
}

std::string describe_upgrade(const json& result) {
  const json from = result.value("from", json::object());
  const json to = result.value("to", json::object());
  return fmt::format("{} → {}, pid {} → {}, in {}; pid {} finishes what it had",
                     text_of(from, "version"), text_of(to, "version"), number_of(from, "pid"),
                     number_of(to, "pid"), milliseconds(number_of(result, "took_ms")),
                     number_of(from, "pid"));
}

std::string describe_error(const json& error) {
  std::string rendered = lines_of(error, "text");
  if (!rendered.empty()) return rendered.ends_with('\n') ? rendered : rendered + "\n";
  std::string message = text_of(error, "message");
  json details = error.value("details", json::array());
  const bool are_places = details.is_array() && !details.empty() && details[0].contains("text");
  if (are_places) message = "the config is invalid";  // the details tell what the message does
  std::string text = (message.starts_with("tealgate ") ? "" : "tealgate: ") + message + "\n";
  for (const json& detail : details) {
    text += lines_of(detail, "text");  // of a config: with its line and caret
    if (detail.contains("stderr")) text += "  | " + text_of(detail, "stderr") + "\n";
    bool told = message.find(text_of(detail, "server")) != std::string::npos;
    if (detail.contains("server") && !told) text += "  " + describe_server_of_gate(detail) + "\n";
  }
  std::string hint = text_of(error, "hint");
  if (!hint.empty()) text += "  try: " + hint + "\n";
  return text;
}

std::string describe_entry(const json& entry, WallTime now) {
  std::string text = render_time(text_of(entry, "at"), now);
  auto add = [&text](const std::string& part) {
    if (!part.empty()) text += "  " + part;
  };
  add(text_of(entry, "service"));
  if (number_of(entry, "revision") > 0) add(fmt::format("r{}", number_of(entry, "revision")));
  add(text_of(entry, "kind"));
  add(text_of(entry, "event"));
  std::string from = words_of(entry, "from");
  std::string to = words_of(entry, "to");
  add(from.empty() || to.empty() ? from + to : from + " → " + to);
  std::string by = text_of(entry, "by");
  add(by.empty() ? "" : "by " + by);
  for (const char* key : {"label", "reason"}) {
    std::string said = text_of(entry, key);
    add(said.empty() ? "" : "\"" + said + "\"");
  }
  if (is_true(entry, "forced")) add("forced");
  auto error = entry.find("error");
  if (error != entry.end() && error->is_object()) add(text_of(*error, "message"));
  add(text_of(entry, "message"));
  std::string drain = describe_drain(entry);
  add(drain.starts_with("; ") ? drain.substr(2) : drain);
  return text;
}

json own_error(const std::string& code, int exit, const std::string& message,
               const std::string& hint) {
  json error = {{"code", code},
                {"exit", exit},
                {"message", message},
                {"details", json::array()},
                {"hint", hint}};
  return {{"ok", false}, {"error", error}};
}

std::string describe_event(const json& event, WallTime now) {
  return fmt::format("{}  {:<7}  {}", render_second(text_of(event, "at"), now),
                     text_of(event, "level"), text_of(event, "message"));
}

json error_of(const Answer& answer, const Request& request) {
  std::string again =
      request.operation.empty() ? "" : "tealgate wait --operation " + request.operation;
  switch (answer.outcome) {
    case Answer::Outcome::NotPermitted:
      return own_error("forbidden", 8, answer.error, "");
    case Answer::Outcome::NotReachable:
      return own_error("not_reachable", 3, "no daemon answers: " + answer.error,
                       "tealgate --socket PATH, or TEALGATE_SOCKET, if it listens elsewhere");
    case Answer::Outcome::Lost:
      return own_error("connection_lost", 14,
                       "the connection to the daemon was lost after sending: " + answer.error,
                       again);
    case Answer::Outcome::Unanswered:
      return unanswered(answer, request, again);
    case Answer::Outcome::Interrupted:
      return own_error("interrupted", 130, "interrupted", again);
    case Answer::Outcome::Answered:
      break;
  }
  return own_error("internal", 1, "the daemon's answer is not understood", "");
}

}  // namespace tealgate::cli
