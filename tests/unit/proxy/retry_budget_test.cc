#include "proxy/retry_budget.h"

#include <doctest/doctest.h>

#include <vector>

using namespace tealgate;

namespace {

std::vector<RetryBudget::Spent> spend(RetryBudget& budget, int times) {
  std::vector<RetryBudget::Spent> spent;
  for (int i = 0; i < times; ++i) spent.emplace_back(budget);
  return spent;
}

}  // namespace

TEST_CASE("RetryBudget: three retries are always left, however little is in flight") {
  RetryBudget budget;
  std::vector<RetryBudget::Spent> spent = spend(budget, 2);
  CHECK(budget.has_left(1, 20));
  CHECK(budget.has_left(1, 0));
  spent.emplace_back(budget);
  CHECK_FALSE(budget.has_left(1, 20));
}

TEST_CASE("RetryBudget: with much in flight its share counts") {
  RetryBudget budget;
  const std::vector<RetryBudget::Spent> spent = spend(budget, 19);
  CHECK(budget.has_left(100, 20));
  const RetryBudget::Spent last(budget);
  CHECK_FALSE(budget.has_left(100, 20));
  CHECK(budget.has_left(105, 20));
}

TEST_CASE("RetryBudget: what ended is given back, once") {
  RetryBudget budget;
  {
    std::vector<RetryBudget::Spent> spent = spend(budget, 3);
    RetryBudget::Spent moved = std::move(spent.back());
    CHECK(moved);
    CHECK_FALSE(budget.has_left(1, 20));
  }
  const std::vector<RetryBudget::Spent> spent = spend(budget, 2);
  CHECK(budget.has_left(1, 20));
}
