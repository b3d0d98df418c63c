// Chooses a server of a service: smooth weighted round robin (nginx's algorithm) over the split.
//
// One balancer a worker and service; not thread-safe. Without percentages the servers of all active
// pools form one weighted set; with them pools take turns by their percentage, and servers within a
// pool by their weight. A pool without an eligible server gives its share to the others. Health is
// looked at when picking, so a server that went down is passed over at once.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "upstream/service.h"

namespace tealgate {

struct Choice {
  const Pool* pool = nullptr;
  const Server* server = nullptr;
  explicit operator bool() const { return server != nullptr; }
};

class Balancer {
 public:
  // `service` must outlive the balancer (it is part of the snapshot the worker runs). `seed`
  // decides where the round begins, so that workers don't start on the same server.
  Balancer(const Service& service, std::uint32_t seed);

  // An eligible server, preferring those not in `tried` (by name); with nothing else left, one of
  // `tried` again. Empty if no server of an active pool is eligible.
  Choice pick(std::span<const std::string_view> tried = {});

 private:
  struct Candidate {
    const Pool* pool;
    const Server* server;
    std::int64_t current = 0;
  };
  struct Group {  // a pool with its percentage, or all active pools together
    std::vector<Candidate> candidates;
    std::int64_t weight = 1;
    std::int64_t current = 0;
  };

  template <class IsUsable>
  static Choice next(std::vector<Group>& groups, IsUsable is_usable);

  std::vector<Group> groups_;
};

}  // namespace tealgate
