#include "upstream/pool_tls.h"

namespace tealgate {

PoolTls::PoolTls(const TlsClientSettings& settings, unsigned workers)
    : settings_(settings),
      checks_(std::make_shared<TlsClientContext>(settings, TlsClientContext::Resume::Never)) {
  for (unsigned i = 0; i < workers; ++i) {
    workers_.push_back(
        std::make_shared<TlsClientContext>(settings, TlsClientContext::Resume::Allowed));
  }
}

}  // namespace tealgate
