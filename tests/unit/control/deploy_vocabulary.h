// A whole control loop with a fake data plane and fake checks: `deploy.health("green",
// Health::Down)`, `deploy.switch_to({"green"})`, `deploy.until([&] { … })`.
//
// Files are real, in a folder of their own; two readers stand for two workers and adopt when woken,
// unless told to withhold.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/loop.h"
#include "base/timer.h"
#include "control/control_loop.h"
#include "unit/control/decisions_vocabulary.h"
#include "unit/temp_folder.h"

using Json = nlohmann::ordered_json;

// What one command told.
struct Heard final : tealgate::CommandWatcher {
  void on_progress(std::string_view word, std::string_view message, std::string_view id) override {
    words.emplace_back(word);
    messages.emplace_back(message);
    operation = id;
  }
  void on_locked(const Json& object) override { locked = object; }
  void on_finished(const Json& object) override {
    CHECK_FALSE(is_finished);
    is_finished = true;
    result = object;
  }

  bool has(std::string_view word) const {
    return std::find(words.begin(), words.end(), word) != words.end();
  }
  bool ok() const { return result.value("ok", false); }
  std::string code() const { return result["error"]["code"]; }
  std::string message() const { return result["error"]["message"]; }

  std::vector<std::string> words, messages;
  std::string operation;
  Json locked, result;
  bool is_finished = false;
};

struct FakeDataPlane final : tealgate::DataPlane {
  explicit FakeDataPlane(tealgate::Loop& on) : loop(on) {}

  void cut(const tealgate::CutOrder& order, std::function<void(unsigned)> on_done) override {
    orders.push_back(order);
    loop.defer([on_done] { on_done(0); });
  }
  void close_streams(const tealgate::CloseOrder& order) override { closes.push_back(order); }
  struct Prepared final : PreparedListeners {
    explicit Prepared(unsigned& counter) : commits(counter) {}
    void commit() override { ++commits; }
    unsigned& commits;
  };
  tealgate::Result<std::unique_ptr<PreparedListeners>> prepare_listeners(
      const std::vector<tealgate::ListenerSettings>&) override {
    if (port_in_use) return tealgate::error("127.0.0.1:80: port in use");
    return std::make_unique<Prepared>(commits);
  }
  std::vector<tealgate::SocketAddress> listening() const override { return {}; }
  void stop(tealgate::Duration, std::function<void()> on_done) override { on_done(); }
  Counts counts() const override { return {}; }
  std::vector<tealgate::Duration> cpu_times() const override { return {}; }
  unsigned workers() const override { return 2; }

  tealgate::Loop& loop;
  std::vector<tealgate::CutOrder> orders;
  std::vector<tealgate::CloseOrder> closes;
  unsigned commits = 0;
  bool port_in_use = false;
};

// Each check gives what the test said of the server; servers are up unless it said otherwise.
struct FakeProber final : tealgate::Prober {
  explicit FakeProber(tealgate::Loop& on) : loop(on) {}

  void sync(std::shared_ptr<const tealgate::Snapshot> snapshot) override {
    known = std::move(snapshot);
    if (on_sync) on_sync();
  }
  struct Asked final : Round {
    std::shared_ptr<bool> alive = std::make_shared<bool>(true);
    ~Asked() override { *alive = false; }
  };
  std::unique_ptr<Round> probe(std::vector<tealgate::ServerKey> servers, OnAll on_all) override {
    auto round = std::make_unique<Asked>();
    ++rounds;
    const auto began = loop.now();
    loop.defer([=, this, alive = round->alive] {
      if (!*alive || withhold) return;
      for (const auto& server : servers) check(server, began);
      on_all();
    });
    return round;
  }
  const tealgate::HealthEvidence* evidence(const tealgate::ServerKey& server) const override {
    const auto found = results.find(server);
    return found == results.end() ? nullptr : &found->second;
  }
  void check(const tealgate::ServerKey& key, tealgate::TimePoint began) {
    const bool ok = !down.contains(key.pool) && !down.contains(key.server);
    tealgate::HealthEvidence& known_of = results[key];
    known_of.what = "GET /health";
    known_of.health = ok ? tealgate::Health::Up : tealgate::Health::Down;
    known_of.since = tealgate::WallClock::now();
    tealgate::CheckResult last;
    last.ok = ok;
    last.status = ok ? 200 : 503;
    last.body = ok ? "" : "db: connection refused";
    last.began = began;
    known_of.last = last;
    for (const auto& pool : known->find_service(key.service)->pools) {
      for (const auto& server : pool.servers) {
        if (pool.name == key.pool && server.name == key.server) {
          server.state->set_health(known_of.health);
        }
      }
    }
  }

  tealgate::Loop& loop;
  std::shared_ptr<const tealgate::Snapshot> known;
  std::function<void()> on_sync;
  std::map<tealgate::ServerKey, tealgate::HealthEvidence> results;
  std::set<std::string> down;  // pools and servers
  unsigned rounds = 0;
  bool withhold = false;
};

// A worker that does nothing but adopt.
struct FakeWorker {
  FakeWorker(tealgate::Loop& on, tealgate::SnapshotCell& cell)
      : loop(on), reader(cell, [this] { adopt_soon(); }) {
    reader.adopt();
  }
  void adopt_soon() {
    loop.defer([this] {
      if (!withholds) reader.adopt();
    });
  }
  void withhold(bool yes) {
    withholds = yes;
    if (!yes) reader.adopt();
  }
  tealgate::Loop& loop;
  bool withholds = false;
  tealgate::SnapshotReader reader;
};

struct Deploy {
  using Until = tealgate::Until;

  explicit Deploy(tealgate::Config with = shop_config()) : config(std::move(with)) {
    start(folder.file("."));
  }
  ~Deploy() { stop(); }

  // As the daemon does: open, workers, checks.
  void start(const std::string& state_folder) {
    control = std::make_unique<tealgate::ControlLoop>(
        tealgate::ControlLoop::Wiring{
            loop, *cell, data_plane, prober, state_folder,
            [this]() -> tealgate::Result<tealgate::LoadedConfig, tealgate::CommandError> {
              return tealgate::LoadedConfig{next_config, {}, {}};
            },
            [this](std::string_view line) { logged.emplace_back(line); }},
        tealgate::LoadedConfig{config, {}, {}});
    opened = control->open();
    if (!opened) return;
    for (auto& worker : workers) worker = std::make_unique<FakeWorker>(loop, *cell);
    bool ready = false;
    control->start([&] { ready = true; });
    until([&] { return ready; });
  }
  void stop() {
    for (auto& worker : workers) worker.reset();
    control.reset();
  }
  // As a crash does: nothing is finished; the next one begins with what `state_folder` has.
  void restart_on(const std::string& state_folder) {
    stop();
    cell = std::make_unique<tealgate::SnapshotCell>();
    prober.on_sync = nullptr;
    start(state_folder);
  }
  // The state folder as it is now, which a crash at this moment would leave.
  std::string copy_of_state() {
    const std::string copy = folder.file("copy");
    std::filesystem::create_directory(copy);
    for (const char* name : {"state.json", "history.jsonl"}) {
      std::filesystem::copy_file(folder.file(name), copy + "/" + name,
                                 std::filesystem::copy_options::overwrite_existing);
    }
    return copy;
  }

  void until(const std::function<bool()>& holds) {
    tealgate::Timer tick(loop, [] {});
    for (int turn = 0; turn < 1000 && !holds(); ++turn) {
      if (!tick.is_active()) tick.start(std::chrono::milliseconds(16));
      loop.run_once();
    }
    REQUIRE(holds());
  }
  // Enough turns for whatever does not wait for something.
  void settle() {
    int turns = 0;
    until([&] { return ++turns > 12; });
  }
  void finished(const std::shared_ptr<Heard>& heard) {
    until([&] { return heard->is_finished; });
  }

  tealgate::SwitchCommand to(std::vector<std::string> words) {
    tealgate::SwitchCommand command;
    command.service = "shop";
    command.to = std::move(words);
    return command;
  }
  std::shared_ptr<Heard> begin(const tealgate::SwitchCommand& command) {
    auto heard = std::make_shared<Heard>();
    control->run_switch(command, caller, heard);
    return heard;
  }
  std::shared_ptr<Heard> begin_switch(std::vector<std::string> words) {
    return begin(to(std::move(words)));
  }
  Json switch_to(std::vector<std::string> words) {
    const auto heard = begin_switch(std::move(words));
    finished(heard);
    return heard->result;
  }
  std::shared_ptr<Heard> begin_rollback(tealgate::RollbackCommand command = {}) {
    command.service = "shop";
    auto heard = std::make_shared<Heard>();
    control->run_rollback(command, {"anna", {}, {}, {}}, heard);
    return heard;
  }
  std::shared_ptr<Heard> set_state(tealgate::ServerStateCommand command) {
    command.service = "shop";
    auto heard = std::make_shared<Heard>();
    control->set_server_state(command, caller, heard);
    return heard;
  }

  void health(const std::string& pool_or_server, tealgate::Health health) {
    if (health == tealgate::Health::Up)
      prober.down.erase(pool_or_server);
    else
      prober.down.insert(pool_or_server);
  }
  void in_flight(const std::string& pool, unsigned exchanges) {
    const auto snapshot = control->snapshot();
    const auto& server = snapshot->find_service("shop")->find_pool(pool)->servers[0];
    server.state->cell(0).in_flight.store(exchanges);
  }

  const tealgate::ServiceDecisions& shop() const { return *control->decisions().find("shop"); }
  std::string split() const { return shop().split.to_string(); }
  std::string routed() const {
    return control->snapshot()->find_service("shop")->split.to_string();
  }
  std::vector<std::string> events() const {
    std::vector<std::string> events;
    for (const Json& line : control->history("", 100)) events.push_back(line["event"]);
    return events;
  }
  Json last_line() const { return control->history("", 1).at(0); }

  TempFolder folder;
  tealgate::Loop loop;
  tealgate::Config config;
  tealgate::Config next_config;  // what a reload finds
  std::unique_ptr<tealgate::SnapshotCell> cell = std::make_unique<tealgate::SnapshotCell>();
  FakeDataPlane data_plane{loop};
  FakeProber prober{loop};
  tealgate::Caller caller{"ci", {}, {}, {}};
  std::vector<std::string> logged;
  std::unique_ptr<tealgate::ControlLoop> control;
  std::unique_ptr<FakeWorker> workers[2];
  tealgate::Result<void, tealgate::CommandError> opened;
};
