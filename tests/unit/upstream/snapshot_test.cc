#include "upstream/snapshot.h"

#include <doctest/doctest.h>

#include "unit/upstream/services.h"

using namespace tealgate;
using tealgate::testing::pool;
using tealgate::testing::server;
using tealgate::testing::service;

TEST_CASE("Snapshot: finds services by name and by route") {
  Snapshot snapshot(1, {service("shop", {pool("blue", {server("a")})}, {"blue"})}, {});
  CHECK(snapshot.find_service("shop") == &snapshot.services[0]);
  CHECK(snapshot.find_service("other") == nullptr);
  CHECK(snapshot.routes.find("any.example.com", "/") == &snapshot.services[0]);
}

TEST_CASE("Snapshot: trusts the peers in its blocks") {
  Snapshot snapshot(
      1, {}, {AddressBlock::parse("10.0.0.0/8").value(), AddressBlock::parse("::1").value()});
  auto peer = [](std::string_view text) {
    return SocketAddress::parse(text, SocketAddress::EmptyHost::Loopback).value();
  };
  CHECK(snapshot.is_trusted(peer("10.9.9.9:1")));
  CHECK(snapshot.is_trusted(peer("[::1]:1")));
  CHECK_FALSE(snapshot.is_trusted(peer("11.0.0.1:1")));
}

TEST_CASE("Snapshot: a sole service is one that every request belongs to") {
  const Service any = service("shop", {pool("blue", {server("a")})}, {"blue"});
  Service named = any;
  named.hosts = {"shop.test"};
  Service below = any;
  below.paths = {"/x"};
  Snapshot snapshot(1, {any}, {});
  CHECK(snapshot.sole_service() == &snapshot.services[0]);
  CHECK(Snapshot(1, {named}, {}).sole_service() == nullptr);
  CHECK(Snapshot(1, {below}, {}).sole_service() == nullptr);
  CHECK(Snapshot(1, {any, named}, {}).sole_service() == nullptr);
  CHECK(Snapshot(1, {}, {}).sole_service() == nullptr);
}
