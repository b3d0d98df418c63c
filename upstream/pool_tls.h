// How connections to the servers of one pool are encrypted: one context a worker, and one for the
// checks.
//
// Made by control; snapshots share it for as long as the settings are the same, so that sessions
// can be resumed after a switch. Each context is used by its own thread alone.
#pragma once

#include <memory>
#include <vector>

#include "base/tls_client_context.h"

namespace tealgate {

class PoolTls {
 public:
  PoolTls(const TlsClientSettings& settings, unsigned workers);

  // On the worker's thread.
  std::unique_ptr<TlsSession> connect(unsigned worker, const TlsClientContext::Peer& peer) const {
    return workers_[worker]->connect(peer);
  }
  // On control's. Never resumed: a check looks at the certificate each time.
  std::unique_ptr<TlsSession> check(const TlsClientContext::Peer& peer) const {
    return checks_->connect(peer);
  }

  const TlsClientSettings& settings() const { return settings_; }

 private:
  const TlsClientSettings settings_;
  std::vector<std::shared_ptr<TlsClientContext>> workers_;
  const std::shared_ptr<TlsClientContext> checks_;
};

}  // namespace tealgate
