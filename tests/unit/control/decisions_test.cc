#include "control/decisions.h"

#include <doctest/doctest.h>

#include "unit/control/decisions_vocabulary.h"

using namespace tealgate;

namespace {

const WallTime kNow = WallTime{} + std::chrono::hours(1);

Decisions first() {
  return fit_to_config({}, shop_config(), kNow)->decisions;
}

Decisions switched(const Decisions& from, const std::string& pool, const std::string& operation) {
  return *apply(from, SplitChange{"shop", split_of({pool}), decided_by(operation), ""});
}

const ServiceDecisions& shop(const Decisions& decisions) {
  return *decisions.find("shop");
}

}  // namespace

TEST_CASE("Decisions: a service begins with its initial split at revision 1") {
  const auto fitted = fit_to_config({}, shop_config(), kNow);
  REQUIRE(fitted);
  CHECK(fitted->changed);
  CHECK(shop(fitted->decisions).revision == 1);
  CHECK(shop(fitted->decisions).split.to_string() == "blue");
}

TEST_CASE("Decisions: each one about a service is a revision, and the last can be undone") {
  const Decisions next = switched(first(), "green", "op-1");
  CHECK(shop(next).revision == 2);
  CHECK(shop(next).split.to_string() == "green");
  REQUIRE(shop(next).last_switch);
  CHECK(shop(next).last_switch->from.to_string() == "blue");
  CHECK(shop(next).find_past(1)->split.to_string() == "blue");
}

TEST_CASE("Decisions: apply leaves what it was given as it was") {
  const Decisions before = first();
  switched(before, "green", "op-1");
  CHECK(shop(before).revision == 1);
}

TEST_CASE("Decisions: an undone switch remembers by whom, and stays the last") {
  const Decisions next = switched(first(), "green", "op-1");
  Decided by = decided_by("op-2");
  by.by = "anna";
  const auto undone = apply(next, SplitChange{"shop", split_of({"blue"}), by, "op-1"});
  CHECK(shop(*undone).revision == 3);
  CHECK(shop(*undone).last_switch->operation == "op-1");
  CHECK(shop(*undone).last_switch->undone);
  CHECK(shop(*undone).last_switch->undone_by == "anna");
}

TEST_CASE("Decisions: a server's state is a revision, a lock is none") {
  const ServerName server{"blue", "10.0.0.11:80"};
  const auto drained =
      apply(first(), ServerChange{"shop", server, AdminState::Drain, decided_by("op-1")});
  CHECK(shop(*drained).revision == 2);
  CHECK(shop(*drained).admin_state("blue", "10.0.0.11:80") == AdminState::Drain);
  CHECK(shop(*drained).admin_state("blue", "10.0.0.12:80") == AdminState::Ready);
  const auto locked =
      apply(*drained, LockChange{"shop", LockRecord{"token", "ci", "", kNow, {}, false}});
  CHECK(shop(*locked).revision == 2);
  CHECK(shop(*locked).lock);
}

TEST_CASE("Decisions: the last hundred revisions are remembered") {
  Decisions decisions = first();
  for (int i = 0; i < 150; ++i)
    decisions = switched(decisions, i % 2 == 0 ? "green" : "blue", "op");
  CHECK(shop(decisions).past.size() == Decisions::kPastRevisions);
  CHECK(shop(decisions).find_past(151) != nullptr);
  CHECK(shop(decisions).find_past(51) == nullptr);
}

TEST_CASE("Decisions: a service that is not there is refused") {
  CHECK_FALSE(apply(first(), LockChange{"shopp", std::nullopt}));
}

TEST_CASE("Decisions: a config without an active pool is refused, naming both") {
  Config config = shop_config();
  config.services[0].pools.erase(config.services[0].pools.begin());
  const auto fitted = fit_to_config(first(), config, kNow);
  REQUIRE_FALSE(fitted);
  CHECK(fitted.error().message.find("shop") != std::string::npos);
  CHECK(fitted.error().message.find("blue") != std::string::npos);
}

TEST_CASE("Decisions: servers that are gone are forgotten with a warning") {
  const ServerName server{"green", "10.0.0.21:80"};
  const auto drained =
      apply(first(), ServerChange{"shop", server, AdminState::Maint, decided_by("op-1")});
  Config config = shop_config();
  config.services[0].pools[1].servers.erase(config.services[0].pools[1].servers.begin());
  const auto fitted = fit_to_config(*drained, config, kNow);
  REQUIRE(fitted);
  CHECK(shop(fitted->decisions).servers.empty());
  CHECK(fitted->warnings.size() == 1);
}

TEST_CASE("Decisions: an idle pool may go") {
  Config config = shop_config();
  config.services[0].pools.pop_back();
  CHECK(fit_to_config(first(), config, kNow));
}

TEST_CASE("Decisions: a service that goes and comes back is as it was") {
  const Decisions before = switched(first(), "green", "op-1");
  Config without = shop_config();
  without.services[0].name = "other";
  const auto gone = fit_to_config(before, without, kNow);
  REQUIRE(gone);
  CHECK(gone->warnings.size() == 1);
  CHECK(gone->decisions.find("other") != nullptr);
  CHECK(fit_to_config(gone->decisions, without, kNow)->warnings.empty());
  const auto back = fit_to_config(gone->decisions, shop_config(), kNow);
  REQUIRE(back);
  CHECK(back->changed);
  CHECK(shop(back->decisions).split.to_string() == "green");
  CHECK(shop(back->decisions).revision == 2);
  CHECK_FALSE(shop(back->decisions).is_dormant);
}

TEST_CASE("Decisions: a service that comes back without what served begins anew, with a warning") {
  const Decisions before = switched(first(), "green", "op-1");
  Config without = shop_config();
  without.services[0].name = "other";
  const auto gone = fit_to_config(before, without, kNow);
  Config other_pools = shop_config();
  other_pools.services[0].pools.pop_back();
  const auto back = fit_to_config(gone->decisions, other_pools, kNow);
  REQUIRE(back);
  CHECK(back->warnings.size() == 2);  // `other` has gone, too
  CHECK(shop(back->decisions).split.to_string() == "blue");
  CHECK(shop(back->decisions).revision == 3);
}
