#include "control/follower.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/loop.h"
#include "control/command.h"
#include "control/control_loop.h"
#include "control/handover.h"
#include "control/server_drains.h"
#include "control/state_store.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

Json in_flight(const Snapshot& snapshot) {
  Json servers = Json::array();
  for_each_server(snapshot, [&](const Service& service, const Pool& pool, const Server& server) {
    const ServerState::Counts counts = server.state->counts();
    if (counts.in_flight == 0) return;
    servers.push_back({{"service", service.name},
                       {"pool", pool.name},
                       {"server", server.name},
                       {"in_flight", counts.in_flight},
                       {"uploading", counts.uploading},
                       {"responding", counts.responding},
                       {"blocked", counts.blocked},
                       {"streams", counts.streams}});
  });
  return servers;
}

std::vector<std::shared_ptr<ServerState>> states_of(const Snapshot& snapshot, const Json& keys) {
  std::vector<std::shared_ptr<ServerState>> states;
  for_each_server(snapshot, [&](const Service& service, const Pool& pool, const Server& server) {
    const Json key{{"service", service.name}, {"pool", pool.name}, {"server", server.name}};
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) states.push_back(server.state);
  });
  return states;
}

}  // namespace

Follower::Follower(Place place)
    : place_(std::move(place)),
      report_(place_.loop, [this] { report(); }),
      self_(std::make_shared<Follower*>(this)) {
  report();
}

Follower::~Follower() {
  *self_ = nullptr;
}

void Follower::on_message(const Json& message) {
  const std::string word = word_of(message);
  try {
    if (word == "follow") return follow(message.at("generation"), message.at("state"));
    if (word == "cut") return cut(message);
    if (word == "close_streams") return close_streams(message);
  } catch (const Json::exception& broken) {
    place_.on_lost(fmt::format("\"{}\" is not understood: {}", word, broken.what()));
  }
}

void Follower::follow(std::uint64_t generation, const std::string& state) {
  const Result<Decisions> decisions = decode_state(state, "what the new daemon decided");
  if (!decisions) return place_.on_lost(decisions.error().message);
  const auto followed = place_.control.follow(*decisions, [self = self_, generation] {
    if (*self != nullptr) (*self)->on_adopted(generation);
  });
  if (!followed) return place_.on_lost(followed.error().message);
  generations_[generation] = *followed;
}

void Follower::on_adopted(std::uint64_t generation) {
  const Json servers = in_flight(*place_.control.snapshot());
  reported_ = json_text(servers);
  place_.send(Json{{"say", "follows"}, {"generation", generation}, {"servers", servers}});
}

// What was published over there and never followed here was overtaken by what was.
std::uint64_t Follower::own_generation(std::uint64_t generation) const {
  const auto found = generations_.lower_bound(generation);
  return found == generations_.end() ? 0 : found->second;
}

void Follower::cut(const Json& order) {
  const CutKind kind = order.at("kind") == "waiting" ? CutKind::Waiting : CutKind::Moving;
  place_.data_plane.cut(
      {states_of(*place_.control.snapshot(), order.at("servers")),
       own_generation(order.at("generation")), kind},
      [self = self_, number = order.at("order").get<std::uint64_t>()](unsigned exchanges) {
        if (*self == nullptr) return;
        (*self)->report();
        (*self)->place_.send(Json{{"say", "was_cut"}, {"order", number}, {"exchanges", exchanges}});
      });
}

void Follower::close_streams(const Json& order) {
  place_.data_plane.close_streams(
      {states_of(*place_.control.snapshot(), order.at("servers")),
       own_generation(order.at("generation")),
       std::chrono::milliseconds(order.at("over_ms").get<std::int64_t>())});
}

void Follower::report() {
  report_.start(ServerDrains::kPollInterval);
  const Json servers = in_flight(*place_.control.snapshot());
  if (const std::string text = json_text(servers); text != reported_) {
    reported_ = text;
    place_.send(Json{{"say", "in_flight"}, {"servers", servers}});
  }
}

}  // namespace tealgate
