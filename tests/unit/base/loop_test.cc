#include "base/loop.h"

#include <doctest/doctest.h>

#include <thread>

#include "base/mailbox.h"
#include "base/timer.h"

using namespace tealgate;
using namespace std::chrono_literals;

TEST_CASE("Mailbox: tasks of other threads run on the loop, in posting order") {
  Loop loop;
  Mailbox mailbox(loop);
  std::vector<int> seen;
  std::thread::id ran_on;
  std::thread poster([&] {
    for (int i = 0; i < 1000; ++i) mailbox.post([&seen, i] { seen.push_back(i); });
    mailbox.post([&] {
      ran_on = std::this_thread::get_id();
      loop.stop();
    });
  });
  loop.run();
  poster.join();
  CHECK(ran_on == std::this_thread::get_id());
  REQUIRE(seen.size() == 1000);
  for (int i = 0; i < 1000; ++i) CHECK(seen[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("Loop: destroy_later frees at the end of the turn, not before") {
  struct Mark {
    bool& destroyed;
    ~Mark() { destroyed = true; }
  };
  Loop loop;
  Mailbox mailbox(loop);
  bool destroyed = false;
  bool destroyed_in_turn = true;
  mailbox.post([&] {
    loop.destroy_later(std::unique_ptr<Mark>(new Mark{destroyed}));
    destroyed_in_turn = destroyed;
    loop.defer([&] { loop.stop(); });
  });
  loop.run();
  CHECK_FALSE(destroyed_in_turn);
  CHECK(destroyed);
}

TEST_CASE("Timer: fires once, not early, and in the order of the deadlines") {
  Loop loop;
  std::vector<int> fired;
  const TimePoint start = Clock::now();
  TimePoint first_at;
  Timer late(loop, [&] {
    fired.push_back(2);
    loop.stop();
  });
  Timer early(loop, [&] {
    fired.push_back(1);
    first_at = Clock::now();
  });
  loop.refresh_now();
  late.start(90ms);
  early.start(20ms);
  loop.run();
  CHECK(fired == std::vector<int>{1, 2});
  CHECK(first_at - start >= 20ms);
  CHECK_FALSE(early.is_active());
}

TEST_CASE("Timer: a moved deadline replaces the old one, sooner or later") {
  Loop loop;
  std::vector<int> fired;
  Timer sooner(loop, [&] { fired.push_back(1); });
  Timer later(loop, [&] {
    fired.push_back(2);
    loop.stop();
  });
  loop.refresh_now();
  sooner.start(10s);
  sooner.start(30ms);
  later.start(10ms);
  later.start(120ms);
  loop.run();
  CHECK(fired == std::vector<int>{1, 2});
}

TEST_CASE("Timer: a stopped one does not fire, and can be started again") {
  Loop loop;
  int fired = 0;
  Timer stopped(loop, [&] { ++fired; });
  Timer again(loop, [&] { loop.stop(); });
  loop.refresh_now();
  stopped.start(10ms);
  stopped.stop();
  again.start(10ms);
  again.stop();
  again.start(60ms);
  loop.run();
  CHECK(fired == 0);
}

TEST_CASE("Timer: its callback may destroy it and others of the same slot") {
  Loop loop;
  std::unique_ptr<Timer> a;
  std::unique_ptr<Timer> b;
  int fired = 0;
  const auto end_both = [&] {
    ++fired;
    a.reset();
    b.reset();
    loop.stop();
  };
  a = std::make_unique<Timer>(loop, end_both);
  b = std::make_unique<Timer>(loop, end_both);
  loop.refresh_now();
  a->start(10ms);
  b->start(10ms);
  loop.run();
  CHECK(fired == 1);
}
