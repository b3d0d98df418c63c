#include "base/suggest.h"

#include <doctest/doctest.h>

#include <vector>

using namespace tealgate;

namespace {

const std::vector<std::string> kPools = {"blue", "green"};
const std::vector<std::string> kKeys = {"hosts", "health", "pools", "paths", "initial"};

}  // namespace

TEST_CASE("suggest: finds a word with a letter missing, added, wrong or two swapped") {
  CHECK(suggest("gren", kPools) == "green");
  CHECK(suggest("greeen", kPools) == "green");
  CHECK(suggest("groen", kPools) == "green");
  CHECK(suggest("geren", kPools) == "green");
  CHECK(suggest("bleu", kPools) == "blue");
  CHECK(suggest("grn", kPools) == "green");
}

TEST_CASE("suggest: capitals do not count") {
  CHECK(suggest("BLUE", kPools) == "blue");
}

TEST_CASE("suggest: a swap is one error, not two") {
  CHECK(suggest("apths", std::vector<std::string>{"apt", "paths"}) == "paths");
}

TEST_CASE("suggest: the nearest wins, the first of equals") {
  CHECK(suggest("helth", kKeys) == "health");
  CHECK(suggest("pool", std::vector<std::string>{"poll", "pools", "tool"}) == "poll");
  CHECK(suggest("pool", std::vector<std::string>{"poxx", "pools"}) == "pools");
}

TEST_CASE("suggest: another word has no suggestion") {
  CHECK(suggest("prod", kPools).empty());
  CHECK(suggest("red", kPools).empty());
  CHECK(suggest("x", std::vector<std::string>{"a"}).empty());
  CHECK(suggest("on", std::vector<std::string>{"off"}).empty());
  CHECK(suggest("", kPools).empty());
  CHECK(suggest("blue", std::vector<std::string>{}).empty());
}
