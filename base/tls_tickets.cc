#include "base/tls_tickets.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/check.h"

namespace tealgate {

namespace {

constexpr std::size_t kKept = 3;

std::int64_t in_seconds(TlsTicketKeys::Time time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

constexpr std::size_t kKeyBytes = sizeof(TlsTicketKeys::Key);

}  // namespace

TlsTicketKeys::TlsTicketKeys(Time now) : keys_{fresh(now)} {}

TlsTicketKeys::Key TlsTicketKeys::fresh(Time now) {
  Key key{};
  key.made_at = in_seconds(now);
  const bool made = RAND_bytes(key.name.data(), key.name.size()) == 1 &&
                    RAND_priv_bytes(key.aes.data(), key.aes.size()) == 1 &&
                    RAND_priv_bytes(key.hmac.data(), key.hmac.size()) == 1;
  CHECK(made, "no random numbers to be had");
  return key;
}

void TlsTicketKeys::rotate_when_due(Time now, std::chrono::seconds every) {
  const std::lock_guard lock(mutex_);
  const auto age = [&](const Key& key) { return std::abs(in_seconds(now) - key.made_at); };
  if (age(keys_.front()) < every.count()) return;
  const auto lives = static_cast<std::int64_t>(kKept) * every.count();
  std::erase_if(keys_, [&](const Key& key) { return age(key) >= lives; });
  keys_.insert(keys_.begin(), fresh(now));
  keys_.resize(std::min(keys_.size(), kKept));
}

TlsTicketKeys::Key TlsTicketKeys::newest() const {
  const std::lock_guard lock(mutex_);
  return keys_.front();
}

std::optional<TlsTicketKeys::Found> TlsTicketKeys::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  for (const Key& key : keys_) {
    if (name.size() != key.name.size()) continue;
    if (std::memcmp(name.data(), key.name.data(), name.size()) != 0) continue;
    return Found{key, &key == &keys_.front()};
  }
  return std::nullopt;
}

std::string TlsTicketKeys::serialised() const {
  const std::lock_guard lock(mutex_);
  return {reinterpret_cast<const char*>(keys_.data()), keys_.size() * kKeyBytes};
}

Result<void> TlsTicketKeys::restore(std::string_view bytes) {
  const std::size_t count = bytes.size() / kKeyBytes;
  if (count == 0 || count > kKept || bytes.size() % kKeyBytes != 0) {
    return error("not {} bytes a ticket key", kKeyBytes);
  }
  const std::lock_guard lock(mutex_);
  keys_.resize(count);
  std::memcpy(keys_.data(), bytes.data(), bytes.size());
  return {};
}

}  // namespace tealgate
