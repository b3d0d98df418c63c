#include "base/address_counts.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace tealgate;

namespace {

SocketAddress client(const std::string& address) {
  return SocketAddress::parse(address, SocketAddress::EmptyHost::Any).value();
}

}  // namespace

TEST_CASE("AddressCounts: an address gets as many as the limit, whatever its ports") {
  AddressCounts counts;
  const auto first = counts.take(client("10.0.0.1:1"), 2);
  const auto second = counts.take(client("10.0.0.1:2"), 2);
  CHECK(first);
  CHECK(second);
  CHECK_FALSE(counts.take(client("10.0.0.1:3"), 2));
  CHECK(counts.take(client("10.0.0.2:3"), 2));
}

TEST_CASE("AddressCounts: a lease that ends makes room, one that moved counts once") {
  AddressCounts counts;
  {
    std::optional<AddressCounts::Lease> lease = counts.take(client("10.0.0.1:1"), 1);
    REQUIRE(lease);
    AddressCounts::Lease moved = std::move(*lease);
    lease.reset();
    CHECK_FALSE(counts.take(client("10.0.0.1:1"), 1));
  }
  CHECK(counts.take(client("10.0.0.1:1"), 1));
}

TEST_CASE("AddressCounts: IPv6 counts by /64, and a mapped address is the IPv4 one") {
  AddressCounts counts;
  const auto six = counts.take(client("[2001:db8:0:1::1]:1"), 1);
  CHECK_FALSE(counts.take(client("[2001:db8:0:1:ffff::2]:1"), 1));
  CHECK(counts.take(client("[2001:db8:0:2::1]:1"), 1));
  const auto four = counts.take(client("10.0.0.1:1"), 1);
  CHECK(four);
}

TEST_CASE("AddressCounts: a refused client leaves nothing behind") {
  AddressCounts counts;
  CHECK_FALSE(counts.take(client("10.0.0.1:1"), 0));
  CHECK(counts.take(client("10.0.0.1:1"), 1));
}
