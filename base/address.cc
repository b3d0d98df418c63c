#include "base/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>

namespace tealgate {
namespace {

constexpr std::size_t kMaxUnixPath = sizeof(sockaddr_un::sun_path) - 1;

struct HostPort {
  std::string host;  // without brackets
  bool is_bracketed = false;
  std::uint16_t port = 0;
};

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<HostPort> split_host_port(std::string_view text) {
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return error("\"{}\" has no port: write it as \"{}:8080\"", text, text);
  }
  std::string_view host = text.substr(0, colon);
  std::optional<std::uint16_t> port = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!port) {
    return error("\"{}\" has no valid port after the last colon: it is a number up to 65535", text);
  }
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    return HostPort{std::string(host.substr(1, host.size() - 2)), true, *port};
  }
  if (host.find_first_of(":[]") != std::string_view::npos) {
    return error("\"{}\" is ambiguous: write an IPv6 address in brackets, \"[::1]:8080\"", text);
  }
  return HostPort{std::string(host), false, *port};
}

SocketAddress ipv4(in_addr address, std::uint16_t port) {
  sockaddr_in socket_address{};
  socket_address.sin_family = AF_INET;
  socket_address.sin_port = htons(port);
  socket_address.sin_addr = address;
  return {reinterpret_cast<const sockaddr*>(&socket_address), sizeof socket_address};
}

SocketAddress ipv6(const in6_addr& address, std::uint16_t port) {
  sockaddr_in6 socket_address{};
  socket_address.sin6_family = AF_INET6;
  socket_address.sin6_port = htons(port);
  socket_address.sin6_addr = address;
  return {reinterpret_cast<const sockaddr*>(&socket_address), sizeof socket_address};
}

// Nothing if `place` holds a name.
std::optional<SocketAddress> from_numbers(const HostPort& place,
                                          SocketAddress::EmptyHost empty_host) {
  if (place.host.empty() && !place.is_bracketed) {
    bool is_any = empty_host == SocketAddress::EmptyHost::Any;
    return ipv4({htonl(is_any ? INADDR_ANY : INADDR_LOOPBACK)}, place.port);
  }
  in_addr address4{};
  if (!place.is_bracketed && ::inet_pton(AF_INET, place.host.c_str(), &address4) == 1) {
    return ipv4(address4, place.port);
  }
  in6_addr address6{};
  if (place.is_bracketed && ::inet_pton(AF_INET6, place.host.c_str(), &address6) == 1) {
    return ipv6(address6, place.port);
  }
  return std::nullopt;
}

template <class T>
T raw_as(const sockaddr* address) {
  T copy;
  std::memcpy(&copy, address, sizeof copy);
  return copy;
}

}  // namespace

SocketAddress::SocketAddress(const sockaddr* address, socklen_t size)
    : size_(std::min<socklen_t>(size, sizeof storage_)) {
  std::memcpy(&storage_, address, size_);
  if (family() != AF_INET6) return;
  auto mapped = raw_as<sockaddr_in6>(raw());
  if (!IN6_IS_ADDR_V4MAPPED(&mapped.sin6_addr)) return;
  in_addr inner{};
  std::memcpy(&inner, mapped.sin6_addr.s6_addr + 12, sizeof inner);
  *this = ipv4(inner, ntohs(mapped.sin6_port));
}

Result<SocketAddress> SocketAddress::parse(std::string_view text, EmptyHost empty_host) {
  Result<HostPort> place = split_host_port(text);
  if (!place) return tl::make_unexpected(place.error());
  if (std::optional<SocketAddress> address = from_numbers(*place, empty_host)) return *address;
  return error("\"{}\" is not an IP address with a port, such as 10.0.0.1:8080", text);
}

Result<SocketAddress> SocketAddress::resolve(std::string_view text, EmptyHost empty_host) {
  Result<HostPort> place = split_host_port(text);
  if (!place) return tl::make_unexpected(place.error());
  if (std::optional<SocketAddress> address = from_numbers(*place, empty_host)) return *address;
  if (place->is_bracketed) return error("\"{}\" has no IPv6 address in its brackets", text);

  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  int code =
      ::getaddrinfo(place->host.c_str(), std::to_string(place->port).c_str(), &hints, &found);
  if (code != 0) {
    return error("\"{}\": the name \"{}\" does not resolve: {}", text, place->host,
                 code == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(code));
  }
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  return SocketAddress(found->ai_addr, found->ai_addrlen);
}

Result<SocketAddress> SocketAddress::unix_path(std::string_view path) {
  if (path.empty()) return error("the path of a Unix socket is empty");
  if (path.size() > kMaxUnixPath) {
    return error("the socket path \"{}\" has {} bytes; the system allows {}", path, path.size(),
                 kMaxUnixPath);
  }
  if (path.find('\0') != std::string_view::npos) return error("a socket path contains a NUL byte");
  sockaddr_un socket_address{};
  socket_address.sun_family = AF_UNIX;
  std::memcpy(socket_address.sun_path, path.data(), path.size());
  return SocketAddress(reinterpret_cast<const sockaddr*>(&socket_address),
                       static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1));
}

std::uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(raw_as<sockaddr_in>(raw()).sin_port);
  if (family() == AF_INET6) return ntohs(raw_as<sockaddr_in6>(raw()).sin6_port);
  return 0;
}

std::string SocketAddress::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (family() == AF_INET) {
    // Once a connection; inet_ntop(3) goes through sprintf.
    const std::uint32_t bits = ntohl(raw_as<sockaddr_in>(raw()).sin_addr.s_addr);
    std::string host;
    for (const unsigned shift : {24u, 16u, 8u, 0u}) {
      if (!host.empty()) host += '.';
      const fmt::format_int octet((bits >> shift) & 255u);
      host.append(octet.data(), octet.size());
    }
    return host;
  } else if (family() == AF_INET6) {
    in6_addr address = raw_as<sockaddr_in6>(raw()).sin6_addr;
    ::inet_ntop(AF_INET6, &address, text, sizeof text);
  } else if (is_unix()) {
    sockaddr_un address = raw_as<sockaddr_un>(raw());
    return {address.sun_path, ::strnlen(address.sun_path, sizeof address.sun_path)};
  }
  return text;
}

std::string SocketAddress::to_string() const {
  if (family() == AF_INET) return fmt::format("{}:{}", host(), port());
  if (family() == AF_INET6) return fmt::format("[{}]:{}", host(), port());
  return host();
}

bool operator==(const SocketAddress& a, const SocketAddress& b) {
  if (a.family() != b.family()) return false;
  if (a.family() == AF_INET6) {
    auto left = raw_as<sockaddr_in6>(a.raw());
    auto right = raw_as<sockaddr_in6>(b.raw());
    return left.sin6_port == right.sin6_port && left.sin6_scope_id == right.sin6_scope_id &&
           std::memcmp(&left.sin6_addr, &right.sin6_addr, sizeof left.sin6_addr) == 0;
  }
  if (a.family() == AF_INET) {
    auto left = raw_as<sockaddr_in>(a.raw());
    auto right = raw_as<sockaddr_in>(b.raw());
    return left.sin_port == right.sin_port && left.sin_addr.s_addr == right.sin_addr.s_addr;
  }
  return a.host() == b.host();
}

Result<AddressBlock> AddressBlock::parse(std::string_view text) {
  std::size_t slash = text.find('/');
  std::string host(text.substr(0, slash));
  AddressBlock block;
  unsigned bits = 32;
  if (::inet_pton(AF_INET, host.c_str(), block.bytes_) != 1) {
    if (::inet_pton(AF_INET6, host.c_str(), block.bytes_) != 1) {
      return error("\"{}\" is not an IP address or a block such as 10.0.0.0/8", text);
    }
    block.family_ = AF_INET6;
    bits = 128;
  }
  block.prefix_ = bits;
  if (slash != std::string_view::npos) {
    std::optional<unsigned> prefix = parse_number<unsigned>(text.substr(slash + 1));
    if (!prefix || *prefix > bits) {
      return error("\"{}\": the number after the slash must be between 0 and {}", text, bits);
    }
    block.prefix_ = *prefix;
  }
  AddressBlock masked = block;
  for (unsigned bit = block.prefix_; bit < bits; ++bit) {
    masked.bytes_[bit / 8] &= static_cast<unsigned char>(~(0x80u >> (bit % 8)));
  }
  if (std::memcmp(masked.bytes_, block.bytes_, sizeof block.bytes_) != 0) {
    return error("\"{}\" has bits set beyond its prefix: write {}", text, masked.to_string());
  }
  return block;
}

bool AddressBlock::contains(const SocketAddress& address) const {
  if (address.family() != family_) return false;
  unsigned char bytes[16] = {};
  if (family_ == AF_INET6) {
    auto peer = raw_as<sockaddr_in6>(address.raw());
    std::memcpy(bytes, &peer.sin6_addr, sizeof peer.sin6_addr);
  } else {
    auto peer = raw_as<sockaddr_in>(address.raw());
    std::memcpy(bytes, &peer.sin_addr, sizeof peer.sin_addr);
  }
  unsigned whole = prefix_ / 8;
  if (std::memcmp(bytes, bytes_, whole) != 0) return false;
  unsigned rest = prefix_ % 8;
  return rest == 0 || (bytes[whole] ^ bytes_[whole]) >> (8 - rest) == 0;
}

std::string AddressBlock::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(family_, bytes_, text, sizeof text);
  unsigned bits = family_ == AF_INET ? 32 : 128;
  return prefix_ == bits ? std::string(text) : fmt::format("{}/{}", text, prefix_);
}

}  // namespace tealgate
