#include "base/connection_budget.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace tealgate;

TEST_CASE("ConnectionBudget: as many places as the limit, and again when one is given back") {
  ConnectionBudget budget;
  budget.set_limit(2);
  CHECK(budget.take());
  CHECK(budget.take());
  CHECK_FALSE(budget.take());
  budget.give_back();
  CHECK(budget.take());
  CHECK(budget.taken() == 2);
}

TEST_CASE("ConnectionBudget: whoever got none is woken once a place is free, and nobody else") {
  ConnectionBudget budget;
  int woken = 0;
  budget.subscribe([&] { ++woken; });
  budget.set_limit(1);
  CHECK(budget.take());
  budget.give_back();
  CHECK(budget.take());
  CHECK(woken == 0);
  CHECK_FALSE(budget.take());
  budget.give_back();
  CHECK(woken == 1);
}

TEST_CASE("ConnectionBudget: a pause leaves nobody a place, and its end wakes who got none") {
  ConnectionBudget budget;
  int woken = 0;
  budget.subscribe([&] { ++woken; });
  CHECK(budget.take());
  budget.pause();
  CHECK_FALSE(budget.take());
  budget.give_back();
  CHECK_FALSE(budget.take());
  budget.go_on();
  CHECK(woken >= 1);
  CHECK(budget.take());
  CHECK(budget.taken() == 1);
}

TEST_CASE("ConnectionBudget: a higher limit wakes, a lower one only waits") {
  ConnectionBudget budget;
  budget.set_limit(2);
  int woken = 0;
  const unsigned subscriber = budget.subscribe([&] { ++woken; });
  CHECK(budget.take());
  CHECK(budget.take());
  budget.set_limit(1);
  CHECK(woken == 0);
  CHECK_FALSE(budget.take());
  budget.give_back();
  CHECK_FALSE(budget.take());
  budget.set_limit(5);
  CHECK(woken > 0);
  budget.unsubscribe(subscriber);
  const int before = woken;
  budget.set_limit(6);
  CHECK(woken == before);
}

TEST_CASE("ConnectionBudget: several threads never hold more than the limit") {
  ConnectionBudget budget;
  budget.set_limit(3);
  std::atomic<int> holders{0};
  std::atomic<bool> exceeded{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20000; ++round) {
        if (!budget.take()) continue;
        if (holders.fetch_add(1) >= 3) exceeded = true;
        holders.fetch_sub(1);
        budget.give_back();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(exceeded);
  CHECK(budget.taken() == 0);
}
