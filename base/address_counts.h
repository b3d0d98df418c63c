// How many clients are connected from each address, over all workers.
//
// An IPv6 client counts with its /64, since that is what one customer gets. Touched at accept and
// close only, under a mutex, and only while a limit is configured: a lease that was never counted
// costs nothing. Any thread.
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/address.h"

namespace tealgate {

class AddressCounts {
 public:
  using Key = std::array<unsigned char, 8>;

  // One counted connection, or, made by default, one that is not counted. Gives itself back.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease();

   private:
    friend class AddressCounts;
    Lease(AddressCounts& counts, const Key& key) : counts_(&counts), key_(key) {}
    AddressCounts* counts_ = nullptr;
    Key key_{};
  };

  // None if `limit` connections of `client` are open already. The lease may not outlive the counts.
  // A Unix socket is not counted.
  std::optional<Lease> take(const SocketAddress& client, unsigned limit);

 private:
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  void give_back(const Key& key);

  std::mutex mutex_;
  std::unordered_map<Key, unsigned, Hash> counts_;
};

}  // namespace tealgate
