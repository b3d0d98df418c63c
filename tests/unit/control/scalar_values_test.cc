#include "control/scalar_values.h"

#include <doctest/doctest.h>

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

template <class T>
std::string why(const Result<T>& result) {
  return result ? "accepted" : result.error().message;
}

}  // namespace

TEST_CASE("Scalar values: a duration is a whole number and one unit") {
  CHECK(parse_duration("500ms") == Duration(500ms));
  CHECK(parse_duration("30s") == Duration(30s));
  CHECK(parse_duration("5m") == Duration(5min));
  CHECK(parse_duration("24h") == Duration(24h));
  CHECK(parse_duration("0s") == Duration(0s));
  CHECK(parse_duration("1000h") == Duration(1000h));
}

TEST_CASE("Scalar values: a duration that is none says why") {
  CHECK(why(parse_duration("30")) == "needs a unit: ms, s, m, h or d");
  CHECK(why(parse_duration("0")) == "needs a unit: ms, s, m, h or d");
  CHECK(why(parse_duration("")) == "is empty");
  CHECK(why(parse_duration("s")) == "is not a whole number with a unit");
  CHECK(why(parse_duration("+1s")) == "is not a whole number with a unit");
  CHECK(why(parse_duration("1,5s")) == "is not a whole number: use a smaller unit");
  CHECK(why(parse_duration("007s")) == "has a leading zero, which other readers take for octal");
  CHECK(why(parse_duration("3weeks")) == "has an unknown unit: the units are ms, s, m, h or d");
  CHECK(why(parse_duration("1001d")) == "is too large");
  CHECK(why(parse_duration("18446744073709551615s")) == "is too large");
  CHECK(why(parse_duration("18446744073709551616s")) == "is too large");
}

TEST_CASE("Scalar values: a size counts in 1024") {
  CHECK(parse_size("0B") == 0u);
  CHECK(parse_size("64KiB") == 65536u);
  CHECK(parse_size("16MiB") == 16u * 1024 * 1024);
  CHECK(parse_size("1024GiB") == std::uint64_t{1} << 40);
  CHECK(why(parse_size("1025GiB")) == "is too large");
  CHECK(why(parse_size("64")) == "needs a unit: B, KiB, MiB or GiB");
  CHECK(why(parse_size("64k")) == "has an unknown unit: write KiB (B, KiB, MiB or GiB)");
}

TEST_CASE("Scalar values: a percentage has its sign and is at most 100") {
  CHECK(parse_percent("100%") == 100u);
  CHECK(parse_percent("0%") == 0u);
  CHECK(why(parse_percent("50")) == "needs its unit: %");
  CHECK(why(parse_percent("101%")) == "is more than 100%");
  CHECK(why(parse_percent("4294967297%")) == "is more than 100%");
  CHECK(why(parse_percent("50 %")) == "has a space before its unit");
  CHECK(why(parse_percent("50s")) == "is not a percentage such as 100%");
}

TEST_CASE("Scalar values: a number is decimal digits and nothing else") {
  CHECK(parse_number("0") == 0u);
  CHECK(parse_number("4294967295") == 4294967295u);
  CHECK(why(parse_number("4294967296")) == "is too large");
  for (const char* text : {"1e3", "0x1", "1_000", "1.0", " 1", "1 ", "+1", "yes"})
    CHECK(why(parse_number(text)) == "is not a whole number");
  CHECK(why(parse_number("010")) == "has a leading zero, which other readers take for octal");
}
