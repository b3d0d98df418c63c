#include "upstream/balancer.h"

#include <doctest/doctest.h>

#include <map>

#include "unit/upstream/services.h"

using namespace tealgate;
using tealgate::testing::pool;
using tealgate::testing::server;
using tealgate::testing::service;

namespace {

// The next `count` servers, "a a b".
std::string sequence(Balancer& balancer, int count) {
  std::string names;
  for (int i = 0; i < count; ++i) {
    Choice choice = balancer.pick();
    if (!names.empty()) names += ' ';
    names += choice ? choice.server->name : "-";
  }
  return names;
}

std::map<std::string, int> count_pools(Balancer& balancer, int picks) {
  std::map<std::string, int> counts;
  for (int i = 0; i < picks; ++i) ++counts[balancer.pick().pool->name];
  return counts;
}

void set_health(const Service& of, std::string_view name, Health health) {
  for (const Pool& p : of.pools) {
    for (const Server& s : p.servers) {
      if (s.name == name) s.state->set_health(health);
    }
  }
}

std::string pick_after(Balancer& balancer, const std::vector<std::string_view>& tried) {
  Choice choice = balancer.pick(tried);
  return choice ? choice.server->name : "-";
}

}  // namespace

TEST_CASE("Balancer: weights 5:1:1 give nginx's smooth sequence") {
  Service shop =
      service("shop", {pool("blue", {server("a", 5), server("b"), server("c")})}, {"blue"});
  Balancer balancer(shop, 0);
  CHECK(sequence(balancer, 7) == "a a b a c a a");
  CHECK(sequence(balancer, 7) == "a a b a c a a");
}

TEST_CASE("Balancer: equal servers take turns") {
  Service shop = service("shop", {pool("blue", {server("a"), server("b"), server("c")})}, {"blue"});
  Balancer balancer(shop, 0);
  CHECK(sequence(balancer, 6) == "a b c a b c");
}

TEST_CASE("Balancer: the seed decides where the round begins") {
  Service shop =
      service("shop", {pool("blue", {server("a", 5), server("b"), server("c")})}, {"blue"});
  Balancer second(shop, 1);
  CHECK(sequence(second, 7) == "a b a c a a a");
  Balancer third(shop, 2);
  CHECK(sequence(third, 7) == "b a c a a a a");
  Service pools = service("shop", {pool("blue", {server("a")}), pool("green", {server("b")})},
                          {"blue=50", "green=50"});
  Balancer later(pools, 1);
  CHECK(sequence(later, 4) == "b a b a");
}

TEST_CASE("Balancer: the seed spreads servers that have no health yet") {
  Service shop = service("shop", {pool("blue", {server("a"), server("b")})}, {"blue"});
  set_health(shop, "a", Health::Unknown);
  set_health(shop, "b", Health::Unknown);
  Balancer balancer(shop, 1);
  set_health(shop, "a", Health::Up);
  set_health(shop, "b", Health::Up);
  CHECK(sequence(balancer, 2) == "b a");
}

TEST_CASE("Balancer: without percentages the servers of all active pools form one weighted set") {
  Service shop = service("shop",
                         {pool("blue", {server("a"), server("b")}), pool("green", {server("c")}),
                          pool("red", {server("d")})},
                         {"blue", "green"});
  Balancer balancer(shop, 0);
  CHECK(sequence(balancer, 6) == "a b c a b c");
}

TEST_CASE("Balancer: with percentages each hundred picks are shared exactly") {
  Service shop =
      service("shop", {pool("blue", {server("a"), server("b")}), pool("green", {server("c", 7)})},
              {"blue=90", "green=10"});
  Balancer balancer(shop, 0);
  for (int round = 0; round < 3; ++round) {
    std::map<std::string, int> counts = count_pools(balancer, 100);
    CHECK(counts["blue"] == 90);
    CHECK(counts["green"] == 10);
  }
}

TEST_CASE("Balancer: percentages are spread smoothly, and servers within a pool by weight") {
  Service shop =
      service("shop", {pool("blue", {server("a", 2), server("b")}), pool("green", {server("c")})},
              {"blue=75", "green=25"});
  Balancer balancer(shop, 0);
  CHECK(sequence(balancer, 8) == "a b c a a b c a");
}

TEST_CASE("Balancer: a pool outside the split is never chosen") {
  Service shop =
      service("shop", {pool("blue", {server("a")}), pool("green", {server("b")})}, {"green"});
  Balancer balancer(shop, 0);
  set_health(shop, "b", Health::Down);
  CHECK(sequence(balancer, 2) == "- -");
}

TEST_CASE("Balancer: a server that is down, unknown, drained or in maintenance is passed over") {
  Server drained = server("d");
  drained.admin = AdminState::Drain;
  Server off = server("e");
  off.admin = AdminState::Maint;
  Service shop = service(
      "shop", {pool("blue", {server("a"), server("b"), server("c"), drained, off})}, {"blue"});
  Balancer balancer(shop, 0);
  set_health(shop, "a", Health::Down);
  set_health(shop, "b", Health::Unknown);
  CHECK(sequence(balancer, 3) == "c c c");
  set_health(shop, "a", Health::Up);
  CHECK(sequence(balancer, 4) == "a c a c");
}

TEST_CASE("Balancer: a pool with nobody eligible gives its share to the others and gets it back") {
  Service shop = service(
      "shop",
      {pool("blue", {server("a")}), pool("green", {server("b")}), pool("red", {server("c")})},
      {"blue=50", "green=30", "red=20"});
  Balancer balancer(shop, 0);
  set_health(shop, "a", Health::Down);
  std::map<std::string, int> counts = count_pools(balancer, 50);
  CHECK(counts["green"] == 30);
  CHECK(counts["red"] == 20);
  set_health(shop, "a", Health::Up);
  counts = count_pools(balancer, 100);
  CHECK(counts["blue"] == 50);
}

TEST_CASE("Balancer: nobody eligible in any active pool is an empty choice") {
  Service shop = service("shop", {pool("blue", {server("a")}), pool("green", {server("b")})},
                         {"blue=50", "green=50"});
  Balancer balancer(shop, 0);
  set_health(shop, "a", Health::Down);
  set_health(shop, "b", Health::Down);
  CHECK_FALSE(balancer.pick());
  set_health(shop, "b", Health::Up);
  CHECK(sequence(balancer, 2) == "b b");
}

TEST_CASE("Balancer: a retry prefers servers not tried, in the other pools too") {
  Service shop =
      service("shop", {pool("blue", {server("a"), server("b")}), pool("green", {server("c")})},
              {"blue=90", "green=10"});
  Balancer balancer(shop, 0);
  CHECK(pick_after(balancer, {"a"}) == "b");
  CHECK(pick_after(balancer, {"a", "b"}) == "c");
}

TEST_CASE(
    "Balancer: with nothing else left a tried server is chosen again, never one that is down") {
  Service shop = service("shop", {pool("blue", {server("a"), server("b")})}, {"blue"});
  Balancer balancer(shop, 0);
  set_health(shop, "b", Health::Down);
  CHECK(pick_after(balancer, {"a"}) == "a");
  CHECK(pick_after(balancer, {"a", "b"}) == "a");
  set_health(shop, "a", Health::Down);
  CHECK(pick_after(balancer, {"a"}) == "-");
}

TEST_CASE("Balancer: a choice names the server's pool") {
  Service shop =
      service("shop", {pool("blue", {server("a")}), pool("green", {server("b")})}, {"all"});
  Balancer balancer(shop, 0);
  Choice first = balancer.pick();
  CHECK(first.pool == &shop.pools[0]);
  CHECK(first.server == &shop.pools[0].servers[0]);
  CHECK(balancer.pick().pool == &shop.pools[1]);
}

TEST_CASE("Service: finds its pools and knows whether an active one has an eligible server") {
  Service shop =
      service("shop", {pool("blue", {server("a")}), pool("green", {server("b")})}, {"green"});
  CHECK(shop.find_pool("blue") == &shop.pools[0]);
  CHECK(shop.find_pool("red") == nullptr);
  CHECK(shop.has_active_server());
  set_health(shop, "b", Health::Down);
  CHECK_FALSE(shop.has_active_server());
}
