// The PROXY protocol's header, versions 1 and 2, which a proxy in front sends before the first
// request to say who its client is (haproxy.org, proxy-protocol.txt).
//
// A pure function of the bytes so far: its verdict depends on them alone, never on how they were
// cut, and once it is more than NeedMore, further bytes do not change it. Whoever calls it has
// decided that the peer may be believed. TLVs are skipped, their checksum too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"

namespace tealgate {

struct ProxyHeader {
  enum class Outcome : std::uint8_t { NeedMore, Complete, Failed };
  Outcome outcome = Outcome::NeedMore;
  std::size_t size = 0;  // with Complete: the bytes behind it are HTTP
  // With Complete: the client. None if the sender speaks for itself (LOCAL) or does not say an IP
  // address (UNKNOWN, UNSPEC, UNIX): the peer counts then.
  std::optional<SocketAddress> client = {};
  std::string_view detail = {};  // with Failed, a literal
};

// Version 1 is at most 107 bytes, version 2 at most 16 + kProxyHeaderBody.
inline constexpr std::size_t kProxyHeaderBody = 4096;
inline constexpr std::size_t kLongestProxyHeader = 16 + kProxyHeaderBody;

// `bytes` begin with the connection's first byte.
ProxyHeader read_proxy_header(std::string_view bytes);

// The same of bytes that come in pieces, kept meanwhile.
class ProxyHeaderReader {
 public:
  struct Step {
    ProxyHeader header;
    std::size_t consumed;  // with Complete, what is left is HTTP; else all
  };
  Step take(std::string_view bytes);

 private:
  std::string gathered_;
};

}  // namespace tealgate
