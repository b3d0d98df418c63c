#include "http/proxy_protocol.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

namespace tealgate {

namespace {

using Outcome = ProxyHeader::Outcome;
using namespace std::string_view_literals;

constexpr std::string_view kSignature2 = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t kHead2 = 16;  // signature, version and command, family, length
constexpr std::size_t kLongest1 = 107;

ProxyHeader failed(std::string_view detail) {
  return {.outcome = Outcome::Failed, .detail = detail};
}

bool begins_alike(std::string_view a, std::string_view b) {
  const std::size_t size = std::min(a.size(), b.size());
  return a.substr(0, size) == b.substr(0, size);
}

// The part before the next space, or all; takes both away from `rest`.
std::string_view next_word(std::string_view& rest) {
  const std::size_t space = rest.find(' ');
  const std::string_view word = rest.substr(0, space);
  rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
  return word;
}

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool has_leading_zero = text.size() > 1 && text.front() == '0';
  if (error != std::errc() || end != text.data() + text.size() || has_leading_zero) return {};
  return port;
}

SocketAddress make_address4(const void* bytes, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  std::memcpy(&address.sin_addr, bytes, sizeof address.sin_addr);
  return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

SocketAddress make_address6(const void* bytes, std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  std::memcpy(&address.sin6_addr, bytes, sizeof address.sin6_addr);
  return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

std::optional<SocketAddress> read_address1(int family, std::string_view host, std::uint16_t port) {
  unsigned char bytes[16];
  // inet_pton() would stop at a NUL and call what stands before it the whole.
  if (host.find('\0') != std::string_view::npos) return {};
  if (inet_pton(family, std::string(host).c_str(), bytes) != 1) return {};
  return family == AF_INET ? make_address4(bytes, port) : make_address6(bytes, port);
}

// "TCP4 192.0.2.1 192.0.2.2 56324 443", what stands between "PROXY " and the line's end.
ProxyHeader read_line1(std::string_view line, std::size_t size) {
  std::string_view rest = line;
  const std::string_view protocol = next_word(rest);
  if (protocol == "UNKNOWN") return {.outcome = Outcome::Complete, .size = size};
  if (protocol != "TCP4" && protocol != "TCP6")
    return failed("a PROXY line of an unknown protocol");
  const int family = protocol == "TCP4" ? AF_INET : AF_INET6;
  const std::string_view source = next_word(rest);
  const std::string_view destination = next_word(rest);
  const std::optional<std::uint16_t> source_port = read_port(next_word(rest));
  const bool has_more = rest.find(' ') != std::string_view::npos;
  const std::optional<std::uint16_t> destination_port = read_port(rest);
  if (!source_port || !destination_port || has_more) return failed("a PROXY line with a bad port");
  const std::optional<SocketAddress> client = read_address1(family, source, *source_port);
  if (!client || !read_address1(family, destination, 0)) {
    return failed("a PROXY line with a bad address");
  }
  return {.outcome = Outcome::Complete, .size = size, .client = client};
}

ProxyHeader read_version1(std::string_view bytes) {
  constexpr std::string_view kBegin = "PROXY ";
  if (bytes.size() < kBegin.size()) return {};
  const std::string_view window = bytes.substr(0, kLongest1);
  const std::size_t end = window.find_first_of("\r\n");
  if (end == std::string_view::npos) {
    return window.size() == kLongest1 ? failed("a PROXY line without an end") : ProxyHeader();
  }
  if (end + 1 == kLongest1) return failed("a PROXY line without an end");
  if (window[end] == '\r' && end + 1 == window.size()) return {};
  if (window.substr(end, 2) != "\r\n") return failed("a PROXY line that does not end with CRLF");
  return read_line1(window.substr(kBegin.size(), end - kBegin.size()), end + 2);
}

std::uint16_t number_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) << 8 |
                                    static_cast<unsigned char>(bytes[at + 1]));
}

// How many bytes of addresses a family has; none for one that cannot be on a TCP connection.
std::optional<std::size_t> address_bytes(unsigned char family) {
  switch (family) {
    case 0x00:  // UNSPEC
      return 0;
    case 0x11:  // TCP over IPv4
      return 12;
    case 0x21:  // TCP over IPv6
      return 36;
    case 0x31:  // a Unix stream
      return 216;
    default:
      return {};
  }
}

ProxyHeader read_version2(std::string_view bytes) {
  if (bytes.size() <= kSignature2.size()) return {};
  const auto version_and_command = static_cast<unsigned char>(bytes[12]);
  if (version_and_command != 0x20 && version_and_command != 0x21) {
    return failed("a PROXY header of an unknown version or command");
  }
  if (bytes.size() < kHead2) return {};
  const bool is_local = version_and_command == 0x20;
  const auto family = static_cast<unsigned char>(bytes[13]);
  const std::size_t length = number_at(bytes, 14);
  const std::optional<std::size_t> needed = is_local ? 0 : address_bytes(family);
  if (!needed) return failed("a PROXY header of an unknown family");
  if (length < *needed) return failed("a PROXY header that is too short for its addresses");
  if (length > kProxyHeaderBody) return failed("a PROXY header that is too long");
  const std::size_t size = kHead2 + length;
  if (bytes.size() < size) return {};
  ProxyHeader header{.outcome = Outcome::Complete, .size = size};
  const char* const source = bytes.data() + kHead2;
  if (*needed == 12) header.client = make_address4(source, number_at(bytes, kHead2 + 8));
  if (*needed == 36) header.client = make_address6(source, number_at(bytes, kHead2 + 32));
  return header;
}

}  // namespace

ProxyHeader read_proxy_header(std::string_view bytes) {
  if (begins_alike(bytes, "PROXY ")) return read_version1(bytes);
  if (begins_alike(bytes, kSignature2)) return read_version2(bytes);
  return failed("no PROXY header");
}

ProxyHeaderReader::Step ProxyHeaderReader::take(std::string_view bytes) {
  const std::size_t before = gathered_.size();
  gathered_.append(bytes.substr(0, kLongestProxyHeader - before));
  const ProxyHeader header = read_proxy_header(gathered_);
  const bool is_complete = header.outcome == Outcome::Complete;
  return {header, is_complete ? header.size - before : bytes.size()};
}

}  // namespace tealgate
