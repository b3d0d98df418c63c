// Who showed wrong tokens lately: from an address that did so five times in a minute, no token is
// looked at for the rest of it, right ones neither, since else guessing could go on.
//
// Pure: time comes in. Bounded: of more addresses than it keeps, the one that was wrong longest ago
// is forgotten. An IPv6 address counts with its /64. Owned by the dashboard's door.
#pragma once

#include <array>
#include <map>
#include <optional>

#include "base/address.h"
#include "base/clock.h"

namespace tealgate {

class TokenGuesses {
 public:
  // How long this address has to wait; none: its token may be looked at.
  std::optional<Duration> wait(const SocketAddress& from, TimePoint now) const;
  void add(const SocketAddress& from, TimePoint now);
  std::size_t addresses() const { return wrong_.size(); }

  static constexpr std::size_t kMost = 5;  // in each kSpan
  static constexpr Duration kSpan = std::chrono::minutes(1);
  static constexpr std::size_t kAddresses = 4096;

 private:
  struct Past {
    std::array<TimePoint, kMost> at{};  // a ring
    std::size_t count = 0;
    TimePoint last() const { return at[(count - 1) % kMost]; }
  };
  // An IPv6 customer's network, or an IPv4 address behind four zero bytes.
  using Key = std::array<unsigned char, 8>;
  static Key key_of(const SocketAddress& from);
  void make_room(TimePoint now);

  std::map<Key, Past> wrong_;
};

}  // namespace tealgate
