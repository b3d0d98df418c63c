// Where a socket listens or connects to: an IPv4 or IPv6 address with a port, or the path of a Unix
// socket.
//
// A value type without a heap allocation. Parsing is strict and does not ask DNS; resolve() does,
// and blocks: call it only at start or in a thread-pool job.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tealgate {

class SocketAddress {
 public:
  SocketAddress() = default;
  // An IPv4-mapped IPv6 address (an IPv4 peer of a dual-stack listener) becomes the IPv4 address it
  // stands for.
  SocketAddress(const sockaddr* address, socklen_t size);

  // "10.0.0.1:80", "[::1]:80", ":8081" (127.0.0.1 when `empty_host` is Loopback, 0.0.0.0 when it is
  // Any).
  enum class EmptyHost { Loopback, Any };
  static Result<SocketAddress> parse(std::string_view text, EmptyHost empty_host);

  // As parse(), and names too ("app1:8080"): the first address that the resolver gives. Blocks.
  static Result<SocketAddress> resolve(std::string_view text, EmptyHost empty_host);

  // At most 107 bytes.
  static Result<SocketAddress> unix_path(std::string_view path);

  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  int family() const { return storage_.ss_family; }
  bool is_unix() const { return family() == AF_UNIX; }
  std::uint16_t port() const;

  std::string host() const;       // "10.0.0.1", "::1"; the path for a Unix socket
  std::string to_string() const;  // "10.0.0.1:80", "[::1]:80", "/run/x.sock"

  friend bool operator==(const SocketAddress& a, const SocketAddress& b);

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

// A CIDR block such as "10.0.0.0/8" or "::1" (a single address). Bits beyond the prefix are an
// error. A Unix socket is in no block.
class AddressBlock {
 public:
  static Result<AddressBlock> parse(std::string_view text);
  bool contains(const SocketAddress& address) const;
  std::string to_string() const;

 private:
  int family_ = AF_INET;
  unsigned char bytes_[16] = {};
  unsigned prefix_ = 0;
};

}  // namespace tealgate
