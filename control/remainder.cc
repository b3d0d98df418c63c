#include "control/remainder.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "base/loop.h"
#include "control/handover.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

// It only has to publish and to adopt: whoever takes longer hangs.
constexpr Duration kSilence = std::chrono::seconds(10);

std::shared_ptr<ServerState> find_state(const Snapshot& snapshot, const Json& key) {
  const Service* service = snapshot.find_service(key.at("service").get<std::string>());
  const Pool* pool = service ? service->find_pool(key.at("pool").get<std::string>()) : nullptr;
  if (pool == nullptr) return nullptr;
  for (const Server& server : pool->servers) {
    if (server.name == key.at("server")) return server.state;
  }
  return nullptr;
}

void set_cell(ServerState::Cell& cell, const Json& counts) {
  cell.in_flight.store(counts.value("in_flight", 0U), std::memory_order_relaxed);
  cell.uploading.store(counts.value("uploading", 0U), std::memory_order_relaxed);
  cell.responding.store(counts.value("responding", 0U), std::memory_order_relaxed);
  cell.blocked.store(counts.value("blocked", 0U), std::memory_order_relaxed);
  cell.streams.store(counts.value("streams", 0U), std::memory_order_relaxed);
}

}  // namespace

Remainder::Remainder(Place place)
    : place_(std::move(place)),
      silence_(place_.loop, [this] { place_.on_silence(); }),
      mailbox_(place_.loop),
      reader_(place_.cell, [this] { mailbox_.post([this] { tell(); }); }) {
  reader_.adopt();
  tell();
}

Remainder::~Remainder() {
  forget_counts();
  for (auto& [order, on_done] : std::exchange(cuts_, {})) on_done(0);
}

// One that cannot be understood counts as silence: then it is killed, since nothing can be decided
// before it follows.
void Remainder::on_message(const Json& message) {
  try {
    take(message);
  } catch (const Json::exception& broken) {
    log_error("what the daemon before says is not understood: {}", broken.what());
    place_.on_silence();
  }
}

void Remainder::take(const Json& message) {
  const std::string word = word_of(message);
  if (word == "follows" || word == "in_flight") count(message.at("servers"));
  if (word == "follows") on_follows(message.at("generation"));
  if (word != "was_cut") return;
  auto cut = cuts_.extract(message.at("order").get<std::uint64_t>());
  if (!cut.empty()) cut.mapped()(message.at("exchanges"));
}

void Remainder::tell() {
  const std::uint64_t generation = place_.cell.generation();
  if (generation == told_) return;
  told_ = generation;
  place_.send(Json{{"say", "follow"}, {"generation", generation}, {"state", place_.state()}});
  silence_.start(kSilence);
}

// The counts of that moment are here already. What was published since is answered next.
void Remainder::on_follows(std::uint64_t generation) {
  if (generation != place_.cell.generation()) return;
  silence_.stop();
  reader_.adopt();
}

void Remainder::count(const Json& servers) {
  const auto snapshot = place_.cell.current();
  forget_counts();
  for (const Json& server : servers) {
    std::shared_ptr<ServerState> state = find_state(*snapshot, server);
    if (!state) continue;  // removed by a reload: nobody drains it
    set_cell(state->cell(place_.index), server);
    counted_.push_back(std::move(state));
  }
}

void Remainder::forget_counts() {
  for (const auto& state : std::exchange(counted_, {})) {
    set_cell(state->cell(place_.index), Json::object());
  }
}

void Remainder::cut(const CutOrder& order, std::function<void(unsigned)> on_done) {
  cuts_[++orders_] = std::move(on_done);
  place_.send(Json{{"say", "cut"},
                   {"order", orders_},
                   {"kind", order.kind == CutKind::Waiting ? "waiting" : "moving"},
                   {"generation", order.claimed_before},
                   {"servers", keys_of(order.servers)}});
}

void Remainder::close_streams(const CloseOrder& order) {
  const auto over = std::chrono::duration_cast<std::chrono::milliseconds>(order.over);
  place_.send(Json{{"say", "close_streams"},
                   {"generation", order.claimed_before},
                   {"servers", keys_of(order.servers)},
                   {"over_ms", over.count()}});
}

Json Remainder::keys_of(const std::vector<std::shared_ptr<ServerState>>& servers) const {
  Json keys = Json::array();
  const auto snapshot = place_.cell.current();
  for_each_server(*snapshot, [&](const Service& service, const Pool& pool, const Server& server) {
    if (std::find(servers.begin(), servers.end(), server.state) == servers.end()) return;
    keys.push_back({{"service", service.name}, {"pool", pool.name}, {"server", server.name}});
  });
  return keys;
}

}  // namespace tealgate
