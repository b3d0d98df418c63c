#include "control/event_stream.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "control/command.h"
#include "control/figures_report.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

// A message; JSON has no line breaks of its own.
std::string message(std::string_view name, std::string_view id, const Json& object) {
  std::string text = fmt::format("event: {}\n", name);
  if (!id.empty()) text += fmt::format("id: {}\n", id);
  return text + fmt::format("data: {}\n\n", json_text(object));
}

}  // namespace

EventStream::EventStream(Loop& loop, Telemetry& telemetry, Order order, Sink sink)
    : telemetry_(telemetry),
      order_(std::move(order)),
      sink_(std::move(sink)),
      ping_(loop, [this] { ping(); }),
      patience_(loop, [this] { drop(); }) {}

EventStream::~EventStream() {
  telemetry_.remove(*this);
}

void EventStream::begin() {
  const Json& status = telemetry_.add(*this);
  send(message("snapshot", telemetry_.events().last_id(), snapshot(status)));
}

Json EventStream::snapshot(const Json& status) const {
  Json object;
  if (order_.figures) {
    object["status"] = seen_of(status);
    object["figures"] = seen_of(
        figures_object(telemetry_.figures(), FiguresWindow::Minutes, telemetry_.collected_at()));
  }
  const auto missed = telemetry_.events().after(order_.last_id);
  object["events"] = Json::array();
  for (const Json& event : missed ? *missed : telemetry_.events().newest(kNewest)) {
    if (concerns(event)) object["events"].push_back(event);
  }
  object["resumed"] = missed != nullptr;
  return object;
}

void EventStream::on_second(const Json& tick) {
  if (!order_.figures) return;
  Json seen = tick;
  for (const char* part : {"status", "figures"}) {
    if (seen.contains(part)) seen[part] = seen_of(std::move(seen[part]));
  }
  send(message("tick", "", seen));
}

void EventStream::on_event(const Json& event) {
  if (concerns(event)) send(message("event", event.value("id", ""), event));
}

bool EventStream::concerns(const Json& event) const {
  const std::string service = event.value("service", "");
  return service.empty() || order_.sees(service);
}

Json EventStream::seen_of(Json with) const {
  const auto services = with.find("services");
  if (services == with.end() || !services->is_object()) return with;
  Json seen = Json::object();
  for (auto& [name, object] : services->items()) {
    if (order_.sees(name)) seen[name] = std::move(object);
  }
  *services = std::move(seen);
  return with;
}

void EventStream::on_blocked() {
  is_blocked_ = true;
  patience_.start(kPatience);
}

void EventStream::on_drained() {
  is_blocked_ = false;
  waiting_ = 0;
  patience_.stop();
}

void EventStream::send(std::string text) {
  if (is_dropped_) return;
  if (is_blocked_) waiting_ += text.size();
  if (waiting_ > kMostWaiting) return drop();
  ping_.start(kPing);
  sink_.send(std::move(text));
}

void EventStream::ping() {
  send(": ping\n\n");
}

void EventStream::drop() {
  is_dropped_ = true;
  ping_.stop();
  patience_.stop();
  sink_.cut();
}

}  // namespace tealgate
