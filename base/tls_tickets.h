// The keys of session tickets (RFC 5077, RFC 8446 4.6.1): one set for all workers, kept over
// reloads and upgrades, so that a client may resume at whomever it meets.
//
// Tickets are sealed with the newest key and opened with any; a ticket that an older one opened is
// renewed. Who steals a key reads TLS 1.2 sessions resumed with it: so keys rotate, and none lives
// for longer than three rotations. Any thread may call anything.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tealgate {

class TlsTicketKeys {
 public:
  struct Key {
    std::array<unsigned char, 16> name;
    std::array<unsigned char, 32> aes;
    std::array<unsigned char, 32> hmac;
    std::int64_t made_at;  // seconds since 1970
  };
  using Time = std::chrono::system_clock::time_point;

  // With one fresh key.
  explicit TlsTicketKeys(Time now = std::chrono::system_clock::now());

  // Once the newest key is `every` old, a fresh one takes its place; those that are three times as
  // old are forgotten. A clock that was set back counts as time that has passed.
  void rotate_when_due(Time now, std::chrono::seconds every);
  Key newest() const;
  struct Found {
    Key key;
    bool is_newest;
  };
  std::optional<Found> find(std::string_view name) const;

  // For the next process: the keys as bytes, and back.
  std::string serialised() const;
  Result<void> restore(std::string_view bytes);

 private:
  static Key fresh(Time now);

  mutable std::mutex mutex_;
  std::vector<Key> keys_;  // the newest first
};

}  // namespace tealgate
