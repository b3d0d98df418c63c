// The exchanges under way on one worker, for drains to cut.
#pragma once

#include <vector>

#include "proxy/exchange.h"

namespace tealgate {

class ExchangeList {
 public:
  void add(Exchange& exchange) {
    exchange.list_index_ = all_.size();
    all_.push_back(&exchange);
  }
  void remove(Exchange& exchange) {
    all_.back()->list_index_ = exchange.list_index_;
    all_[exchange.list_index_] = all_.back();
    all_.pop_back();
  }

  // Cuts what the order names; returns how many were cut short.
  unsigned cut(const CutOrder& order) {
    unsigned count = 0;
    for (Exchange* exchange : std::vector<Exchange*>(all_)) {
      if (!exchange->is_hit_by(order)) continue;
      count += exchange->cut_by_drain() ? 1 : 0;
    }
    return count;
  }

  const std::vector<Exchange*>& all() const { return all_; }
  std::size_t size() const { return all_.size(); }

 private:
  std::vector<Exchange*> all_;
};

}  // namespace tealgate
