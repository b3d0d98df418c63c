#include "control/cli/live_model.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "control/cli/json_fields.h"

namespace tealgate::cli {
namespace {

using json = nlohmann::ordered_json;
using Second = LiveModel::Second;
using Seconds = LiveModel::Seconds;

std::uint64_t count(const json& value) {
  return value.is_number_integer() ? value.get<std::uint64_t>() : 0;
}

std::optional<double> latency(const json& value) {
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

// The POINT that ends a row of columns `back` steps before their end, or a POINT itself.
Second second_of(const json& object, std::size_t back = 0) {
  auto value = [&](const char* key) -> const json& {
    const json& column = member(object, key);
    static const json kNothing;
    if (!column.is_array()) return column;
    return back < column.size() ? column[column.size() - 1 - back] : kNothing;
  };
  return {count(value("requests")), count(value("errors")), latency(value("p50")),
          latency(value("p95")), latency(value("p99"))};
}

std::size_t length(const json& series) {
  return std::min(member(series, "requests").size(), LiveModel::kSeconds);
}

// Counts add up; of latencies the worse one counts, since they cannot be averaged.
void merge(Second& all, const Second& part) {
  all.requests += part.requests;
  all.errors += part.errors;
  all.p50 = std::max(all.p50, part.p50);
  all.p95 = std::max(all.p95, part.p95);
  all.p99 = std::max(all.p99, part.p99);
}

void append(Seconds& seconds, const Second& second) {
  seconds.push_back(second);
  if (seconds.size() > LiveModel::kSeconds) seconds.pop_front();
}

// Calls `visit(key, object)` for each server of SERVICE's figures, and `visit` with the service's
// own name for each part of it as a whole.
template <class Visit>
void each_part(const std::string& service, const json& figures, const Visit& visit) {
  for (const auto& [pool_name, pool] : member(figures, "pools").items()) {
    visit(service, pool);
    for (const auto& [name, server] : member(pool, "servers").items())
      visit(service + "/" + pool_name + "/" + name, server);
  }
  visit(service, member(figures, "own"));
}

}  // namespace

struct LiveModel::State {
  json status;
  std::map<std::string, Seconds> figures;  // by "shop" and "shop/blue/NAME"
  std::deque<json> events;

  void begin(const json& snapshot);
  void go_on(const json& tick);
  void add_event(const json& event);
  const Seconds& at(const std::string& key) const;
};

LiveModel::LiveModel() : state_(std::make_unique<State>()) {}
LiveModel::LiveModel(const LiveModel& other) : state_(std::make_unique<State>(*other.state_)) {}
LiveModel::LiveModel(LiveModel&& other) noexcept = default;
LiveModel& LiveModel::operator=(LiveModel&& other) noexcept = default;
LiveModel::~LiveModel() = default;

bool LiveModel::apply(const SseMessage& message) {
  const json object = json::parse(message.data, nullptr, false);
  if (!object.is_object()) return false;
  if (message.event == "snapshot") {
    state_->begin(object);
  } else if (message.event == "tick") {
    state_->go_on(object);
  } else if (message.event == "event") {
    state_->add_event(object);
  } else {
    return false;
  }
  return true;
}

void LiveModel::State::begin(const json& snapshot) {
  status = member(snapshot, "status");
  if (!status.is_object()) status = json::object();
  if (member(snapshot, "resumed") != true) events.clear();
  for (const json& event : member(snapshot, "events")) add_event(event);
  figures.clear();
  for (const auto& [name, service] : member(member(snapshot, "figures"), "services").items()) {
    each_part(name, service, [this](const std::string& key, const json& series) {
      Seconds& seconds = figures[key];
      // Columns end together, and may begin apart.
      while (seconds.size() < length(series)) seconds.push_front({});
      for (std::size_t back = 0; back < length(series); ++back)
        merge(seconds[seconds.size() - 1 - back], second_of(series, back));
    });
  }
}

void LiveModel::State::go_on(const json& tick) {
  if (member(tick, "status").is_object()) status.merge_patch(member(tick, "status"));
  const json& services = member(member(tick, "figures"), "services");
  if (!services.is_object()) return;
  std::map<std::string, Second> newest;
  for (const auto& [name, service] : services.items()) {
    each_part(name, service, [&newest](const std::string& key, const json& point) {
      merge(newest[key], second_of(point));
    });
  }
  std::erase_if(figures, [&](const auto& entry) { return newest.count(entry.first) == 0; });
  for (const auto& [key, second] : newest) append(figures[key], second);
}

void LiveModel::State::add_event(const json& event) {
  events.push_back(event);
  if (events.size() > kEvents) events.pop_front();
}

bool LiveModel::is_known() const {
  return !state_->status.is_null();
}

const json& LiveModel::status() const {
  return state_->status;
}

const std::deque<json>& LiveModel::events() const {
  return state_->events;
}

const json& LiveModel::services() const {
  static const json kNone = json::object();
  const json& found = member(state_->status, "services");
  return found.is_object() ? found : kNone;
}

const Seconds& LiveModel::of_service(const std::string& service) const {
  return state_->at(service);
}

const Seconds& LiveModel::of_server(const std::string& service, const std::string& pool,
                                    const std::string& server) const {
  return state_->at(service + "/" + pool + "/" + server);
}

const Seconds& LiveModel::State::at(const std::string& key) const {
  static const Seconds kNone;
  auto found = figures.find(key);
  return found == figures.end() ? kNone : found->second;
}

}  // namespace tealgate::cli
