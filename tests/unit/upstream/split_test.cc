#include "upstream/split.h"

#include <doctest/doctest.h>

using namespace tealgate;

namespace {

using Words = std::vector<std::string>;

const Words kColours = {"blue", "green", "red"};

std::string parsed(const Words& words, const Words& pools = kColours) {
  Result<Split> split = parse_split(words, pools);
  return split ? split->to_string() : "error: " + split.error().message;
}

}  // namespace

TEST_CASE("parse_split: one pool, several, or all") {
  CHECK(parsed({"green"}) == "green");
  CHECK(parsed({"blue", "red"}) == "blue red");
  CHECK(parsed({"all"}) == "blue green red");
}

TEST_CASE("parse_split: percentages") {
  CHECK(parsed({"blue=90", "green=10"}) == "blue=90 green=10");
  CHECK(parsed({"blue=1", "green=98", "red=1"}) == "blue=1 green=98 red=1");
}

TEST_CASE("parse_split: the pools' order is that of the config, whatever was typed") {
  CHECK(parsed({"red", "blue"}) == "blue red");
  CHECK(parsed({"green=10", "blue=90"}) == "blue=90 green=10");
}

TEST_CASE(
    "parse_split: a pool with 0 is left out, and one with 100 is the same as without a number") {
  CHECK(parsed({"blue=50", "green=50", "red=0"}) == "blue=50 green=50");
  CHECK(parsed({"green=100"}) == "green");
  CHECK(parsed({"blue=0", "green=100"}) == "green");
  CHECK(parse_split(Words{"green=100"}, kColours).value().words() == Words{"green"});
}

TEST_CASE("parse_split: all of a single pool is that pool") {
  CHECK(parsed({"all"}, {"blue"}) == "blue");
}

TEST_CASE("parse_split: an unknown pool is told with the nearest name and the pools") {
  CHECK(
      parsed({"gren"}) ==
      "error: there is no pool \"gren\", did you mean \"green\"?; the pools are blue, green, red");
  CHECK(parsed({"production"}) ==
        "error: there is no pool \"production\"; the pools are blue, green, red");
  CHECK(parsed({"gren=5", "blue=95"}).find("did you mean \"green\"") != std::string::npos);
  CHECK(parsed({""}).starts_with("error: there is no pool \"\";"));
  CHECK(parsed({"=5"}).starts_with("error: there is no pool \"\";"));
}

TEST_CASE("parse_split: percentages add up to 100") {
  CHECK(parsed({"blue=90", "green=5"}) == "error: the percentages add up to 95, not to 100");
  CHECK(parsed({"blue=90", "green=20"}) == "error: the percentages add up to 110, not to 100");
  CHECK(parsed({"green=50"}) == "error: the percentages add up to 50, not to 100");
  CHECK(parsed({"blue=0", "green=0"}) == "error: the percentages add up to 0, not to 100");
}

TEST_CASE("parse_split: percentages for every pool or for none") {
  CHECK(parsed({"blue=90", "green"}) ==
        "error: pool green has no percentage: give every pool one, or none");
  CHECK(parsed({"blue=100", "green"}).starts_with("error: pool green has no percentage"));
  CHECK(parsed({"blue=0", "green"}).starts_with("error: pool green has no percentage"));
}

TEST_CASE("parse_split: a percentage is a whole number from 0 to 100") {
  for (const char* word : {"blue=", "blue=x", "blue=-1", "blue=+5", "blue=101", "blue=5.5",
                           "blue=5 ", "blue=50%", "blue=4294967396", "blue=5=5"}) {
    CAPTURE(word);
    CHECK(parsed({word}) ==
          "error: \"" + std::string(word) +
              "\": a percentage is a whole number from 0 to 100, such as blue=90");
  }
}

TEST_CASE("parse_split: a pool is named once") {
  CHECK(parsed({"blue", "blue"}) == "error: pool blue is named twice");
  CHECK(parsed({"blue=50", "blue=50"}) == "error: pool blue is named twice");
  CHECK(parsed({"blue=0", "blue=100"}) == "error: pool blue is named twice");
}

TEST_CASE("parse_split: all stands alone") {
  for (const Words& words : {Words{"all", "blue"}, Words{"blue", "all"}, Words{"all=100"}}) {
    CHECK(parsed(words).starts_with("error: \"all\" stands alone"));
  }
}

TEST_CASE("parse_split: no words are no split") {
  CHECK(parsed({}) == "error: no pool is named; the pools are blue, green, red");
}

TEST_CASE("Split: knows its active pools and its words") {
  Split split = parse_split(Words{"blue=90", "green=10"}, kColours).value();
  CHECK(split.is_active("blue"));
  CHECK(split.is_active("green"));
  CHECK_FALSE(split.is_active("red"));
  CHECK(split.has_percentages());
  CHECK(split.words() == Words{"blue=90", "green=10"});
  CHECK_FALSE(parse_split(Words{"blue", "green"}, kColours)->has_percentages());
  CHECK_FALSE(Split().has_percentages());
}
