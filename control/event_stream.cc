#include "control/event_stream.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "control/command.h"
#include "control/figures_report.h"
#include "control/visible.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

// A message; JSON has no line breaks of its own.
std::string message(std::string_view name, std::string_view id, std::string_view json) {
  std::string text = fmt::format("event: {}\n", name);
  if (!id.empty()) text += fmt::format("id: {}\n", id);
  return text + fmt::format("data: {}\n\n", json);
}

Access narrowed(const EventStream::Order& order) {
  Access access = order.access;
  if (!order.service.empty()) access.services = {order.service};
  return access;
}

}  // namespace

EventStream::EventStream(Loop& loop, Telemetry& telemetry, Order order, Sink sink)
    : telemetry_(telemetry),
      order_(std::move(order)),
      seen_(narrowed(order_)),
      sink_(std::move(sink)),
      ping_(loop, [this] { ping(); }) {}

EventStream::~EventStream() {
  telemetry_.remove(*this);
}

void EventStream::begin() {
  const SharedJson& status = telemetry_.add(*this);
  send(message("snapshot", telemetry_.events().last_id(), snapshot(status)));
}

std::string EventStream::snapshot(const SharedJson& status) const {
  std::string whole;  // what others are sent, too
  Json object = Json::object();
  if (order_.figures) {
    const SharedJson& figures = telemetry_.whole_figures(FiguresWindow::Minutes);
    if (seen_.services) {
      object["status"] = visible_part(status.object(), seen_);
      object["figures"] = visible_part(figures.object(), seen_);
    } else {
      whole = fmt::format(R"("status":{},"figures":{},)", status.text(), figures.text());
    }
  }
  const auto missed = telemetry_.events().after(order_.last_id);
  object["events"] = Json::array();
  for (const Json& event : missed ? *missed : telemetry_.events().newest(kNewest)) {
    if (concerns(event)) object["events"].push_back(event);
  }
  object["resumed"] = missed != nullptr;
  return json_text(object).insert(1, whole);
}

void EventStream::on_second(const SharedJson& tick) {
  if (!order_.figures) return;
  if (!seen_.services) return send(message("tick", "", tick.text()));
  Json seen = tick.object();
  for (const char* part : {"status", "figures"}) {
    if (seen.contains(part)) seen[part] = visible_part(std::move(seen[part]), seen_);
  }
  send(message("tick", "", json_text(seen)));
}

void EventStream::on_event(const Json& event) {
  if (concerns(event)) send(message("event", event.value("id", ""), json_text(event)));
}

// Who may see all and wants one service hears of the daemon, too.
bool EventStream::concerns(const Json& event) const {
  if (!event.contains("service")) return is_visible(event, order_.access);
  return is_visible(event, seen_);
}

void EventStream::on_blocked() {
  is_blocked_ = true;
}

void EventStream::on_drained() {
  is_blocked_ = false;
  waiting_ = 0;
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
  sink_.cut();
}

}  // namespace tealgate
