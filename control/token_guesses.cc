#include "control/token_guesses.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace tealgate {

std::optional<Duration> TokenGuesses::wait(const SocketAddress& from, TimePoint now) const {
  const auto found = wrong_.find(key_of(from));
  if (found == wrong_.end() || found->second.count < kMost) return std::nullopt;
  const Past& past = found->second;
  const TimePoint free = past.at[past.count % kMost] + kSpan;  // the oldest of those kept
  if (now >= free) return std::nullopt;
  return free - now;
}

void TokenGuesses::add(const SocketAddress& from, TimePoint now) {
  if (wrong_.size() >= kAddresses) make_room(now);
  Past& past = wrong_[key_of(from)];
  past.at[past.count++ % kMost] = now;
}

TokenGuesses::Key TokenGuesses::key_of(const SocketAddress& from) {
  Key key{};
  if (from.family() == AF_INET) {
    const auto* address = reinterpret_cast<const sockaddr_in*>(from.raw());
    std::memcpy(key.data() + 4, &address->sin_addr, 4);
  } else if (from.family() == AF_INET6) {
    const auto* address = reinterpret_cast<const sockaddr_in6*>(from.raw());
    std::memcpy(key.data(), &address->sin6_addr, key.size());
  }
  return key;
}

void TokenGuesses::make_room(TimePoint now) {
  std::erase_if(wrong_, [&](const auto& each) { return each.second.last() + kSpan <= now; });
  if (wrong_.size() < kAddresses) return;
  wrong_.erase(
      std::ranges::min_element(wrong_, {}, [](const auto& each) { return each.second.last(); }));
}

}  // namespace tealgate
