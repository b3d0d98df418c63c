#include "base/address.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>

using namespace tealgate;

namespace {

constexpr auto kLoopback = SocketAddress::EmptyHost::Loopback;
constexpr auto kAny = SocketAddress::EmptyHost::Any;

std::string parsed(std::string_view text, SocketAddress::EmptyHost empty_host = kLoopback) {
  Result<SocketAddress> address = SocketAddress::parse(text, empty_host);
  return address ? address->to_string() : "error: " + address.error().message;
}

bool is_refused(std::string_view text) {
  return !SocketAddress::parse(text, kLoopback);
}

SocketAddress at(std::string_view text) {
  return SocketAddress::parse(text, kLoopback).value();
}

AddressBlock block(std::string_view text) {
  return AddressBlock::parse(text).value();
}

}  // namespace

TEST_CASE("SocketAddress: reads an address with a port and writes it back") {
  CHECK(parsed("10.0.0.1:80") == "10.0.0.1:80");
  CHECK(parsed("[::1]:8080") == "[::1]:8080");
  CHECK(parsed("[2001:DB8::0:1]:65535") == "[2001:db8::1]:65535");
  CHECK(parsed("127.0.0.1:0") == "127.0.0.1:0");
  CHECK(at("[::1]:8080").host() == "::1");
  CHECK(at("10.0.0.1:80").port() == 80);
}

TEST_CASE(
    "SocketAddress: an empty host is the loopback for servers and every interface for listeners") {
  CHECK(parsed(":8081", kLoopback) == "127.0.0.1:8081");
  CHECK(parsed(":8081", kAny) == "0.0.0.0:8081");
}

TEST_CASE("SocketAddress: refuses what is not exactly an address and a port") {
  for (std::string_view text : {"",
                                "10.0.0.1",
                                "10.0.0.1:",
                                "10.0.0.1:65536",
                                "10.0.0.1:-1",
                                "10.0.0.1:+80",
                                "10.0.0.1:80 ",
                                " 10.0.0.1:80",
                                "10.0.0.1:8o",
                                "10.0.0:80",
                                "10.0.0.256:80",
                                "010.0.0.1:80",
                                "::1:80",
                                "[::1]",
                                "[::1]80",
                                "[::1:80",
                                "[]:80",
                                "[10.0.0.1]:80",
                                "[fe80::1%lo]:80",
                                "app1:80"}) {
    CAPTURE(text);
    CHECK(is_refused(text));
  }
}

TEST_CASE("SocketAddress: errors say what would be right") {
  CHECK(parsed("10.0.0.1") == "error: \"10.0.0.1\" has no port: write it as \"10.0.0.1:8080\"");
  CHECK(parsed("::1:80").find("in brackets") != std::string::npos);
}

TEST_CASE("SocketAddress: resolves names, and numbers without asking") {
  Result<SocketAddress> name = SocketAddress::resolve("localhost:81", kLoopback);
  REQUIRE(name.has_value());
  CHECK(name->port() == 81);
  CHECK(SocketAddress::resolve("10.1.2.3:82", kLoopback)->to_string() == "10.1.2.3:82");
  CHECK_FALSE(SocketAddress::resolve("no-such-name.invalid:83", kLoopback));
}

TEST_CASE("SocketAddress: a Unix path has at most 107 bytes") {
  CHECK(SocketAddress::unix_path("/run/x.sock")->to_string() == "/run/x.sock");
  CHECK(SocketAddress::unix_path("/run/x.sock")->is_unix());
  CHECK(SocketAddress::unix_path(std::string(107, 'a'))->host() == std::string(107, 'a'));
  CHECK_FALSE(SocketAddress::unix_path(std::string(108, 'a')));
  CHECK_FALSE(SocketAddress::unix_path(""));
}

TEST_CASE("SocketAddress: equality looks at address and port alone") {
  CHECK(at("10.0.0.1:80") == at("10.0.0.1:80"));
  CHECK_FALSE(at("10.0.0.1:80") == at("10.0.0.1:81"));
  CHECK_FALSE(at("10.0.0.1:80") == at("10.0.0.2:80"));
  CHECK_FALSE(at("[::1]:80") == at("127.0.0.1:80"));
  sockaddr_in dirty{};
  dirty.sin_family = AF_INET;
  dirty.sin_port = htons(80);
  dirty.sin_addr.s_addr = htonl(0x0a000001);
  dirty.sin_zero[0] = 1;
  CHECK(at("10.0.0.1:80") == SocketAddress(reinterpret_cast<sockaddr*>(&dirty), sizeof dirty));
}

TEST_CASE("SocketAddress: an IPv4-mapped IPv6 address is the IPv4 address") {
  sockaddr_in6 mapped{};
  mapped.sin6_family = AF_INET6;
  mapped.sin6_port = htons(80);
  ::inet_pton(AF_INET6, "::ffff:10.0.0.1", &mapped.sin6_addr);
  SocketAddress address(reinterpret_cast<sockaddr*>(&mapped), sizeof mapped);
  CHECK(address == at("10.0.0.1:80"));
  CHECK(block("10.0.0.0/8").contains(address));
}

TEST_CASE("AddressBlock: contains what shares its prefix") {
  CHECK(block("10.0.0.0/8").contains(at("10.255.0.1:1")));
  CHECK_FALSE(block("10.0.0.0/8").contains(at("11.0.0.1:1")));
  CHECK(block("192.168.4.0/22").contains(at("192.168.7.255:1")));
  CHECK_FALSE(block("192.168.4.0/22").contains(at("192.168.8.0:1")));
  CHECK(block("0.0.0.0/0").contains(at("8.8.8.8:1")));
  CHECK_FALSE(block("0.0.0.0/0").contains(at("[::1]:1")));
  CHECK(block("127.0.0.1").contains(at("127.0.0.1:9")));
  CHECK_FALSE(block("127.0.0.1").contains(at("127.0.0.2:9")));
  CHECK(block("2001:db8::/33").contains(at("[2001:db8:7fff::1]:1")));
  CHECK_FALSE(block("2001:db8::/33").contains(at("[2001:db8:8000::1]:1")));
  CHECK_FALSE(block("0.0.0.0/0").contains(SocketAddress::unix_path("/x").value()));
}

TEST_CASE("AddressBlock: refuses bad prefixes and bits beyond them") {
  for (std::string_view text : {"", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1",
                                "10.0.0.0/8x", "10.0.0/8", "host/8", "10.0.0.1:80"}) {
    CAPTURE(text);
    CHECK_FALSE(AddressBlock::parse(text));
  }
  Result<AddressBlock> sloppy = AddressBlock::parse("10.0.0.1/8");
  REQUIRE_FALSE(sloppy);
  CHECK(sloppy.error().message ==
        "\"10.0.0.1/8\" has bits set beyond its prefix: write 10.0.0.0/8");
}

TEST_CASE("AddressBlock: writes itself back") {
  CHECK(block("10.0.0.0/8").to_string() == "10.0.0.0/8");
  CHECK(block("10.0.0.1/32").to_string() == "10.0.0.1");
  CHECK(block("fe80::/10").to_string() == "fe80::/10");
}
