#include "control/health_policy.h"

#include <doctest/doctest.h>

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

HealthPolicy known(Health health) {
  HealthPolicy policy({}, Health::Unknown);
  policy.on_check(health == Health::Up);
  return policy;
}

}  // namespace

TEST_CASE("HealthPolicy: a server never checked is up after its first pass") {
  HealthPolicy policy({}, Health::Unknown);
  CHECK(policy.is_changing());
  CHECK(policy.on_check(true) == Health::Up);
}

TEST_CASE("HealthPolicy: on probation one failure suffices") {
  HealthPolicy policy({}, Health::Up);
  CHECK(policy.health() == Health::Up);
  CHECK(policy.on_check(false) == Health::Down);
}

TEST_CASE("HealthPolicy: a server that is up falls after `fall` failures in a row") {
  HealthPolicy policy = known(Health::Up);
  CHECK(policy.on_check(false) == Health::Up);
  CHECK(policy.on_check(false) == Health::Up);
  CHECK(policy.on_check(true) == Health::Up);
  CHECK(policy.on_check(false) == Health::Up);
  CHECK(policy.on_check(false) == Health::Up);
  CHECK(policy.on_check(false) == Health::Down);
}

TEST_CASE("HealthPolicy: a server that was down rises after `rise` passes in a row") {
  HealthPolicy policy = known(Health::Down);
  CHECK(policy.on_check(true) == Health::Down);
  CHECK(policy.on_check(false) == Health::Down);
  CHECK(policy.on_check(true) == Health::Down);
  CHECK(policy.on_check(true) == Health::Up);
  CHECK(policy.streak() == 2);
}

TEST_CASE("HealthPolicy: while the state is changing checks come fast") {
  HealthPolicy policy = known(Health::Up);
  CHECK(policy.interval() == 2s);
  policy.on_check(false);
  CHECK(policy.interval() == HealthPolicy::kFastInterval);
  policy.on_check(true);
  CHECK(policy.interval() == 2s);
}
