#include "base/address_counts.h"

#include <netinet/in.h>

#include <cstring>
#include <functional>
#include <string_view>
#include <utility>

namespace tealgate {

namespace {

// An IPv4 address stands behind four zero bytes, where no client of IPv6 has its network.
AddressCounts::Key key_of(const SocketAddress& client) {
  AddressCounts::Key key{};
  if (client.family() == AF_INET) {
    const auto* address = reinterpret_cast<const sockaddr_in*>(client.raw());
    std::memcpy(key.data() + 4, &address->sin_addr, 4);
  } else {
    const auto* address = reinterpret_cast<const sockaddr_in6*>(client.raw());
    std::memcpy(key.data(), &address->sin6_addr, key.size());
  }
  return key;
}

}  // namespace

AddressCounts::Lease::Lease(Lease&& other) noexcept
    : counts_(std::exchange(other.counts_, nullptr)), key_(other.key_) {}

AddressCounts::Lease& AddressCounts::Lease::operator=(Lease&& other) noexcept {
  std::swap(counts_, other.counts_);
  std::swap(key_, other.key_);
  return *this;
}

AddressCounts::Lease::~Lease() {
  if (counts_) counts_->give_back(key_);
}

std::optional<AddressCounts::Lease> AddressCounts::take(const SocketAddress& client,
                                                        unsigned limit) {
  if (client.is_unix()) return Lease();
  const Key key = key_of(client);
  const std::lock_guard<std::mutex> lock(mutex_);
  unsigned& count = counts_[key];
  if (count >= limit) return std::nullopt;
  ++count;
  return Lease(*this, key);
}

void AddressCounts::give_back(const Key& key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = counts_.find(key);
  if (--found->second == 0) counts_.erase(found);
}

std::size_t AddressCounts::Hash::operator()(const Key& key) const {
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(key.data()), key.size()});
}

}  // namespace tealgate
