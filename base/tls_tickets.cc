#include "base/tls_tickets.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace tealgate {

namespace {

constexpr std::size_t kKept = 3;
constexpr std::size_t kKeyBytes = sizeof(TlsTicketKeys::Key);

}  // namespace

TlsTicketKeys::TlsTicketKeys() : keys_{fresh()} {}

TlsTicketKeys::Key TlsTicketKeys::fresh() {
  Key key;
  const bool made = RAND_bytes(key.name.data(), key.name.size()) == 1 &&
                    RAND_priv_bytes(key.aes.data(), key.aes.size()) == 1 &&
                    RAND_priv_bytes(key.hmac.data(), key.hmac.size()) == 1;
  CHECK(made, "no random numbers to be had");
  return key;
}

void TlsTicketKeys::rotate() {
  const Key key = fresh();
  const std::lock_guard lock(mutex_);
  keys_.insert(keys_.begin(), key);
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
