// How many of a worker's exchanges may be on a retry that the operator configured, so that retries
// do not bring down what is overloaded already.
//
// A share of the exchanges in flight, at least three. Retries that cost a server nothing (a refused
// connect, a lost keep-alive race) do not count. Worker's thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

namespace tealgate {

class RetryBudget {
 public:
  // One retry, from its begin to its exchange's end. Made by default: none.
  class Spent {
   public:
    Spent() = default;
    explicit Spent(RetryBudget& budget) : budget_(&budget) { ++budget.spent_; }
    Spent(Spent&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)) {}
    Spent& operator=(Spent&& other) noexcept {
      std::swap(budget_, other.budget_);
      return *this;
    }
    ~Spent() {
      if (budget_) --budget_->spent_;
    }
    explicit operator bool() const { return budget_ != nullptr; }

   private:
    RetryBudget* budget_ = nullptr;
  };

  bool has_left(std::size_t in_flight, unsigned percent) const {
    return spent_ < std::max<std::size_t>(kLeast, in_flight * percent / 100);
  }

 private:
  static constexpr std::size_t kLeast = 3;
  std::size_t spent_ = 0;
};

}  // namespace tealgate
