// The demo's clients: a few keep-alive connections that send GET and POST in bursts, as many as
// the tide has it, some that ask for reports, which take seconds, and a count of what comes back.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/loop.h"

namespace tealgate::demo {

class Traffic {
 public:
  // Starts at once.
  Traffic(Loop& loop, const SocketAddress& proxy);
  ~Traffic();

  struct Counts {
    std::uint64_t requests = 0;
    std::uint64_t failed = 0;                      // not 2xx, or no whole answer
    std::map<std::string, std::uint64_t> by_pool;  // answers
    std::string last_failure;                      // in words
  };
  const Counts& counts() const { return counts_; }

 private:
  class Client;

  Counts counts_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace tealgate::demo
