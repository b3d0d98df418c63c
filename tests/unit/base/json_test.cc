#include "base/json.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace tealgate;
using namespace std::string_view_literals;

namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

template <class T>
std::string written(T value) {
  std::string out;
  JsonWriter(out).value(value);
  return out;
}

std::string thousandths(std::int64_t number) {
  std::string out;
  JsonWriter(out).thousandths(number);
  return out;
}

}  // namespace

TEST_CASE("JsonWriter: puts the commas between members and elements itself") {
  std::string out = "> ";
  JsonWriter json(out);
  json.begin_object();
  json.field("a", 1);
  json.key("b");
  json.begin_array();
  json.value("x");
  json.begin_object();
  json.end_object();
  json.begin_array();
  json.end_array();
  json.null();
  json.end_array();
  json.key("c");
  json.begin_object();
  json.field("d", true);
  json.field("e", std::string("f"));
  json.end_object();
  json.field("g", false);
  json.end_object();
  CHECK(out == R"(> {"a":1,"b":["x",{},[],null],"c":{"d":true,"e":"f"},"g":false})");
}

TEST_CASE("JsonWriter: quotes, backslashes and control characters are escaped") {
  CHECK(quoted(R"(a"b\c/)") == R"("a\"b\\c/")");
  CHECK(quoted("\n\r\t\b\f"sv) == R"("\n\r\t\u0008\u000c")");
  CHECK(quoted("\0\x1f\x7f"sv) == R"("\u0000\u001f\u007f")");
  CHECK(quoted("\xc2\x85\xc2\x9b[m") == R"("\u0085\u009b[m")");
}

TEST_CASE("JsonWriter: valid UTF-8 passes unchanged") {
  for (std::string_view text : {"grün", "\xc2\xa0", "\xe2\x82\xac", "\xed\x9f\xbf", "\xee\x80\x80",
                                "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xef\xbf\xbd"}) {
    CHECK(quoted(text) == "\"" + std::string(text) + "\"");
  }
}

TEST_CASE("JsonWriter: bytes that are not UTF-8 become U+FFFD, what follows them stays") {
  const std::string bad = "\xEF\xBF\xBD";
  CHECK(quoted("a\xff z") == "\"a" + bad + " z\"");
  CHECK(quoted("\x80") == "\"" + bad + "\"");
  CHECK(quoted("\xc0\xaf") == "\"" + bad + bad + "\"");                      // overlong
  CHECK(quoted("\xe0\x80\xaf") == "\"" + bad + bad + bad + "\"");            // overlong
  CHECK(quoted("\xed\xa0\x80") == "\"" + bad + bad + bad + "\"");            // surrogate
  CHECK(quoted("\xf4\x90\x80\x80") == "\"" + bad + bad + bad + bad + "\"");  // > 10FFFF
  CHECK(quoted("\xe2\x82") == "\"" + bad + "\"");                            // cut off
  CHECK(quoted("\xe2\x82\xac"sv.substr(0, 2)) == "\"" + bad + "\"");
  CHECK(quoted("\xe2\x82\"") == "\"" + bad + "\\\"\"");  // the quote is not eaten
  CHECK(quoted("\xf0\x9f\x98") == "\"" + bad + "\"");
  CHECK(quoted("\xc3\n") == "\"" + bad + "\\n\"");
}

TEST_CASE("JsonWriter: numbers are exact to their limits") {
  CHECK(written(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(written(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(written(std::uint16_t{8080}) == "8080");
  CHECK(written(-5) == "-5");
  CHECK(written(0.25) == "0.25");
  CHECK(written(1e300) == "1e+300");
}

TEST_CASE("JsonWriter: what JSON has no number for is null") {
  CHECK(written(std::nan("")) == "null");
  CHECK(written(-std::numeric_limits<double>::infinity()) == "null");
}

TEST_CASE("JsonWriter: thousandths have no superfluous digits") {
  CHECK(thousandths(12345) == "12.345");
  CHECK(thousandths(12340) == "12.34");
  CHECK(thousandths(12300) == "12.3");
  CHECK(thousandths(12000) == "12");
  CHECK(thousandths(7) == "0.007");
  CHECK(thousandths(0) == "0");
  CHECK(thousandths(-1500) == "-1.5");
  CHECK(thousandths(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775.808");
}
