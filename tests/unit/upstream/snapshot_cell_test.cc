#include "upstream/snapshot_cell.h"

#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <thread>

#include "base/cell.h"
#include "unit/upstream/services.h"
#include "upstream/balancer.h"

using namespace tealgate;
using tealgate::testing::pool;
using tealgate::testing::server;
using tealgate::testing::service;
using tealgate::testing::snapshot;

namespace {

const auto kNoWake = [] {};

// A snapshot in which `colour` alone serves.
std::shared_ptr<const Snapshot> serving(std::uint64_t generation, const std::string& colour,
                                        const std::vector<Server>& blue_and_green) {
  return snapshot(
      generation,
      {service("shop", {pool("blue", {blue_and_green[0]}), pool("green", {blue_and_green[1]})},
               {colour})});
}

// One attempt as a worker makes it: adopt, pick and claim in a turn. The claim is given up by
// finish().
class Attempt {
 public:
  explicit Attempt(SnapshotReader& reader) {
    reader.adopt();
    server_ = Balancer(reader.get()->services[0], 0).pick().server->state;
    add_to_cell(server_->cell(0).in_flight, 1u);
  }
  void finish() { add_to_cell(server_->cell(0).in_flight, ~0u); }

 private:
  std::shared_ptr<ServerState> server_;
};

}  // namespace

TEST_CASE("SnapshotCell: a reader gets what is published, once") {
  SnapshotCell cell;
  SnapshotReader reader(cell, kNoWake);
  CHECK_FALSE(reader.adopt());
  CHECK(reader.get() == nullptr);
  cell.publish(snapshot(1));
  CHECK(reader.adopt());
  CHECK(reader.get() == cell.current().get());
  CHECK_FALSE(reader.adopt());
}

TEST_CASE(
    "SnapshotCell: a reader takes the newest of several, and one that comes late what is there") {
  SnapshotCell cell;
  cell.publish(snapshot(1));
  SnapshotReader reader(cell, kNoWake);
  CHECK(reader.adopt());
  CHECK(reader.get()->generation == 1);
  cell.publish(snapshot(2));
  cell.publish(snapshot(5));
  CHECK(reader.adopt());
  CHECK(reader.get()->generation == 5);
  CHECK(cell.generation() == 5);
}

TEST_CASE("SnapshotCell: a reader that withholds adoption holds lowest_adopted back") {
  SnapshotCell cell;
  SnapshotReader prompt(cell, kNoWake);
  SnapshotReader slow(cell, kNoWake);
  cell.publish(snapshot(1));
  prompt.adopt();
  slow.adopt();
  CHECK(cell.lowest_adopted() == 1);
  cell.publish(snapshot(2));
  CHECK(cell.lowest_adopted() == 1);
  prompt.adopt();
  CHECK(cell.lowest_adopted() == 1);
  slow.adopt();
  CHECK(cell.lowest_adopted() == 2);
}

TEST_CASE(
    "SnapshotCell: while a worker has not adopted a switch, its attempts reach the old pool") {
  std::vector<Server> servers = {server("b1"), server("g1")};
  const ServerState& blue = *servers[0].state;
  SnapshotCell cell;
  SnapshotReader reader(cell, kNoWake);
  cell.publish(serving(1, "blue", servers));
  Attempt before(reader);

  cell.publish(serving(2, "green", servers));
  CHECK(cell.lowest_adopted() < 2);
  CHECK(blue.counts().in_flight == 1);
  Attempt after(reader);
  CHECK(cell.lowest_adopted() == 2);
  CHECK(blue.counts().in_flight == 1);
  CHECK(servers[1].state->counts().in_flight == 1);
  before.finish();
  CHECK(blue.counts().in_flight == 0);
}

TEST_CASE(
    "SnapshotCell: without readers the published generation is adopted; an ended one holds "
    "nothing") {
  SnapshotCell cell;
  cell.publish(snapshot(1));
  CHECK(cell.lowest_adopted() == 1);
  std::optional<SnapshotReader> reader;
  reader.emplace(cell, kNoWake);
  reader->adopt();
  cell.publish(snapshot(2));
  CHECK(cell.lowest_adopted() == 1);
  reader.reset();
  CHECK(cell.lowest_adopted() == 2);
}

TEST_CASE(
    "SnapshotCell: a reader without a snapshot holds back only what is published after its birth") {
  SnapshotCell cell;
  cell.publish(snapshot(3));
  SnapshotReader reader(cell, kNoWake);
  CHECK(cell.lowest_adopted() == 3);
  cell.publish(snapshot(4));
  CHECK(cell.lowest_adopted() == 3);
}

TEST_CASE("SnapshotCell: publishing wakes every reader, and none that ended") {
  SnapshotCell cell;
  int first_wakes = 0;
  int second_wakes = 0;
  SnapshotReader first(cell, [&] { ++first_wakes; });
  {
    SnapshotReader second(cell, [&] { ++second_wakes; });
    cell.publish(snapshot(1));
  }
  cell.publish(snapshot(2));
  CHECK(first_wakes == 2);
  CHECK(second_wakes == 1);
}

TEST_CASE(
    "SnapshotCell: the listener hears of each adoption and each end, when the number is already "
    "there") {
  SnapshotCell cell;
  std::vector<std::uint64_t> heard;
  cell.set_adoption_listener([&] { heard.push_back(cell.lowest_adopted()); });
  {
    SnapshotReader reader(cell, kNoWake);
    cell.publish(snapshot(1));
    reader.adopt();
    reader.adopt();
    cell.publish(snapshot(2));
  }
  CHECK(heard == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("SnapshotCell: an old snapshot lives as long as a reader or a share of it") {
  SnapshotCell cell;
  SnapshotReader reader(cell, kNoWake);
  std::weak_ptr<const Snapshot> old;
  {
    auto first = snapshot(1);
    old = first;
    cell.publish(first);
  }
  reader.adopt();
  cell.publish(snapshot(2));
  CHECK_FALSE(old.expired());
  std::shared_ptr<const Snapshot> share = reader.share();
  reader.adopt();
  CHECK_FALSE(old.expired());
  CHECK(share->generation == 1);
  share.reset();
  CHECK(old.expired());
}

// Workers attempt without pause while another thread switches between two pools and, at each
// adopted switch, waits for the pool left out to be empty. Whatever it counts afterwards there is
// an attempt that began too late.
TEST_CASE(
    "SnapshotCell: after every reader adopted a switch, 0 in flight on the old pool stays 0") {
  constexpr unsigned kWorkers = 3;
  constexpr unsigned kSwitches = 200;
  std::array<std::shared_ptr<ServerState>, 2> states;
  std::vector<Server> servers = {server("b1"), server("g1")};
  for (std::size_t i = 0; i < 2; ++i) {
    servers[i].state = states[i] = std::make_shared<ServerState>(kWorkers);
    states[i]->set_health(Health::Up);
  }
  SnapshotCell cell;
  cell.publish(serving(1, "blue", servers));

  std::atomic<unsigned> started{0};
  std::atomic<bool> is_over{false};
  std::vector<std::thread> workers;
  for (unsigned worker = 0; worker < kWorkers; ++worker) {
    workers.emplace_back([&, worker] {
      SnapshotReader reader(cell, kNoWake);
      ++started;
      while (!is_over.load(std::memory_order_relaxed)) {
        reader.adopt();
        const Service& shop = reader.get()->services[0];
        ServerState& target = *shop.find_pool(shop.split.entries[0].pool)->servers[0].state;
        std::this_thread::yield();  // the worst moment to lose the processor
        add_to_cell(target.cell(worker).in_flight, 1u);
        add_to_cell(target.cell(worker).claims, std::uint64_t{1});
        add_to_cell(target.cell(worker).in_flight, ~0u);
      }
    });
  }
  while (started < kWorkers) std::this_thread::yield();

  std::uint64_t late = 0;
  std::uint64_t generation = 1;
  for (unsigned i = 0; i < kSwitches; ++i) {
    const bool to_green = i % 2 == 0;
    // The second overtakes the first, which some workers adopt and others never see.
    cell.publish(serving(++generation, to_green ? "blue" : "green", servers));
    std::this_thread::yield();
    cell.publish(serving(++generation, to_green ? "green" : "blue", servers));
    while (cell.lowest_adopted() < generation) std::this_thread::yield();
    const ServerState& left_out = *states[to_green ? 0 : 1];
    while (left_out.counts().in_flight > 0) std::this_thread::yield();
    std::uint64_t claims = left_out.counts().claims;
    for (int look = 0; look < 10; ++look) {
      if (left_out.counts().in_flight != 0 || left_out.counts().claims != claims) ++late;
      std::this_thread::yield();
    }
  }
  is_over = true;
  for (std::thread& worker : workers) worker.join();
  CHECK(late == 0);
}

TEST_CASE("SnapshotCell: readers may come and go while others publish") {
  SnapshotCell cell;
  std::atomic<std::uint64_t> adoptions{0};
  cell.set_adoption_listener([&] { ++adoptions; });
  std::atomic<bool> is_over{false};
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 2; ++worker) {
    workers.emplace_back([&] {
      while (!is_over) {
        std::atomic<unsigned> wakes{0};  // dies with the reader
        SnapshotReader reader(cell, [&] { ++wakes; });
        std::uint64_t last = 0;
        for (int i = 0; i < 20; ++i) {
          if (!reader.adopt()) continue;
          if (reader.get()->generation <= last) std::abort();
          last = reader.get()->generation;
        }
      }
    });
  }
  std::uint64_t generation = 0;
  while (adoptions < 500) {
    cell.publish(snapshot(++generation));
    if (cell.lowest_adopted() > generation) std::abort();
    std::this_thread::yield();
  }
  is_over = true;
  for (std::thread& worker : workers) worker.join();
  CHECK(cell.lowest_adopted() == generation);
}
