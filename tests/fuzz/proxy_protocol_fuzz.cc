// The PROXY header beside an obvious second reading of its specification: both say the same of any
// bytes, the verdict comes at the same byte however they are cut, and more bytes don't change it.
#include <arpa/inet.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "http/proxy_protocol.h"

using namespace tealgate;

namespace {

using Outcome = ProxyHeader::Outcome;

void demand(bool holds) {
  if (!holds) std::abort();
}

// What the whole input is: a header of `size` bytes that tells `client`, or none.
struct Reading {
  std::size_t size = 0;
  std::string client;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == ' ') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

bool is_port(const std::string& text) {
  if (text.empty() || text.size() > 5 || (text[0] == '0' && text.size() > 1)) return false;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return std::stoi(text) <= 65535;
}

// In the kernel's spelling; empty if it is none of that family.
std::string canonical(int family, const std::string& text) {
  unsigned char bytes[16];
  char spelled[INET6_ADDRSTRLEN];
  if (text.find('\0') != std::string::npos) return {};
  if (inet_pton(family, text.c_str(), bytes) != 1) return {};
  return inet_ntop(family, bytes, spelled, sizeof spelled);
}

std::string address(int family, const std::string& host, const std::string& port) {
  const std::string mapped = "::ffff:";
  if (family == AF_INET6 && host.starts_with(mapped) && host.find('.') != std::string::npos) {
    return host.substr(mapped.size()) + ":" + port;
  }
  return family == AF_INET ? host + ":" + port : "[" + host + "]:" + port;
}

Reading read_text(const std::string& bytes) {
  std::size_t end = 0;
  while (end < bytes.size() && bytes[end] != '\r' && bytes[end] != '\n') ++end;
  if (end + 2 > 107 || bytes.substr(end, 2) != "\r\n") return {};
  const std::vector<std::string> words = split(bytes.substr(0, end));
  if (words.size() < 2 || words[0] != "PROXY") return {};
  if (words[1] == "UNKNOWN") return {end + 2, ""};
  if (words.size() != 6 || (words[1] != "TCP4" && words[1] != "TCP6")) return {};
  const int family = words[1] == "TCP4" ? AF_INET : AF_INET6;
  const std::string source = canonical(family, words[2]);
  if (source.empty() || canonical(family, words[3]).empty()) return {};
  if (!is_port(words[4]) || !is_port(words[5])) return {};
  return {end + 2, address(family, source, words[4])};
}

Reading read_binary(const std::string& bytes) {
  const auto at = [&](std::size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(bytes[i]));
  };
  const unsigned length = at(14) * 256 + at(15);
  if (length > 4096 || bytes.size() < 16 + length) return {};
  const Reading nobody{16 + length, ""};
  if (at(12) == 0x20) return nobody;
  if (at(12) != 0x21) return {};
  if (at(13) == 0x00 || (at(13) == 0x31 && length >= 216)) return nobody;
  if (at(13) != 0x11 && at(13) != 0x21) return {};
  const int family = at(13) == 0x11 ? AF_INET : AF_INET6;
  const std::size_t width = family == AF_INET ? 4 : 16;
  if (length < 2 * width + 4) return {};
  char host[INET6_ADDRSTRLEN];
  inet_ntop(family, bytes.data() + 16, host, sizeof host);
  const unsigned port = at(16 + 2 * width) * 256 + at(16 + 2 * width + 1);
  return {16 + length, address(family, host, std::to_string(port))};
}

Reading second_reading(const std::string& bytes) {
  static const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);
  if (bytes.starts_with("PROXY ")) return read_text(bytes);
  if (bytes.size() >= 16 && bytes.starts_with(signature)) return read_binary(bytes);
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const ProxyHeader whole = read_proxy_header(bytes);
  const Reading second = second_reading(bytes);
  demand((whole.outcome == Outcome::Complete) == (second.size != 0));
  if (whole.outcome == Outcome::NeedMore) demand(size < kLongestProxyHeader);
  if (whole.outcome == Outcome::Failed) demand(!whole.detail.empty());
  if (whole.outcome == Outcome::Complete) {
    demand(whole.size == second.size);
    demand((whole.client ? whole.client->to_string() : "") == second.client);
  }
  bool decided = false;
  for (std::size_t cut = 0; cut <= size && cut <= kLongestProxyHeader; ++cut) {
    const ProxyHeader part = read_proxy_header({bytes.data(), cut});
    decided = decided || part.outcome != Outcome::NeedMore;
    if (!decided) continue;
    demand(part.outcome == whole.outcome && part.size == whole.size);
    if (whole.outcome == Outcome::Complete && cut < whole.size) demand(false);
  }
  return 0;
}
