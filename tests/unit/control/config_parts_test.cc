// The parts of the config reader on their own: diagnostics, substitution, network values.
#include <doctest/doctest.h>

#include "control/diagnostics.h"
#include "control/network_values.h"
#include "control/substitution.h"
#include "tests/unit/control/config_vocabulary.h"

using namespace tealgate;

namespace {

std::string substituted(const std::string& text) {
  const Result<std::string> result = substitute(text, "conf", config_test::surroundings());
  return result ? *result : "error: " + result.error().message;
}

template <class T>
std::string why(const ValueResult<T>& result) {
  return result ? "accepted" : result.error().message;
}

}  // namespace

TEST_CASE("Diagnostics: a finding shows file, place, line, caret and hint") {
  Findings findings("a.yaml", "one: 1\ntwo: 2\r\n");
  findings.error({1, 5}, "is wrong", "write 3");
  CHECK(findings.has_errors());
  const std::vector<Diagnostic> found = findings.take();
  CHECK(render(found) == "a.yaml:2:6: error: is wrong\n  two: 2\n       ^\n  hint: write 3\n");
  CHECK(render_line(found.at(0)) == "a.yaml:2:6: is wrong (write 3)");
  CHECK_FALSE(findings.has_errors());
}

TEST_CASE("Diagnostics: columns count characters, and the caret stands below tabs and umlauts") {
  Findings findings("a.yaml", "\tä: x");
  findings.warn({0, 5}, "is odd");
  const std::vector<Diagnostic> found = findings.take();
  CHECK(found.at(0).column == 5);
  CHECK(render(found) == "a.yaml:1:5: warning: is odd\n  \tä: x\n  \t   ^\n");
}

TEST_CASE("Diagnostics: findings come in the order of the text") {
  Findings findings("a", "x\ny\n");
  findings.error({1, 0}, "third");
  findings.error({0, 1}, "second");
  findings.warn({0, 0}, "first");
  const std::vector<Diagnostic> found = findings.take();
  CHECK(found.at(0).message == "first");
  CHECK(found.at(1).message == "second");
  CHECK(found.at(2).message == "third");
}

TEST_CASE("Diagnostics: beyond the most that is shown they are counted") {
  Findings findings("a", "x\n");
  for (std::size_t i = 0; i < Findings::kMost + 7; ++i) findings.error({0, 0}, "again");
  const std::vector<Diagnostic> found = findings.take();
  CHECK(found.size() == Findings::kMost + 1);
  CHECK(render_line(found.back()) == "a: and 7 more");
}

TEST_CASE("Diagnostics: a place outside the text is no place to crash") {
  Findings findings("a", "x\n");
  findings.error({99, 99}, "beyond");
  findings.error({-1, -1}, "before");
  CHECK(render(findings.take()).find("beyond") != std::string::npos);
}

TEST_CASE("Substitution: variables, defaults, messages and files") {
  CHECK(substituted("plain $5 {x}") == "plain $5 {x}");
  CHECK(substituted("${PORT}") == "8081");
  CHECK(substituted("a${PORT}b${PORT}c") == "a8081b8081c");
  CHECK(substituted("${UNSET:-x:y}") == "x:y");
  CHECK(substituted("${EMPTY:-x}") == "x");
  CHECK(substituted("${PORT:-x}") == "8081");
  CHECK(substituted("${EMPTY}") == "");
  CHECK(substituted("${UNSET:-}") == "");
  CHECK(substituted("${PORT:?must be set}") == "8081");
  CHECK(substituted("${file:/etc/app/token}") == config_test::kSecret);
  CHECK(substituted("${file:port.txt}") == "8082");
  CHECK(substituted("$${PORT}") == "${PORT}");
}

TEST_CASE("Substitution: what cannot be replaced says why") {
  CHECK(substituted("${UNSET}") == "error: the environment variable UNSET is not set");
  CHECK(substituted("${EMPTY:?say it}") == "error: EMPTY is not set: say it");
  CHECK(substituted("${UNSET:?}") == "error: UNSET is not set: it is required");
  CHECK(substituted("x${PORT") == "error: a ${ is never closed");
  CHECK(substituted("${file:}") == "error: ${file:} names no file");
  CHECK(substituted("${file:no}") == "error: conf/no cannot be read: No such file or directory");
  for (const char* text : {"${}", "${1A}", "${A B}", "${A:x}", "${A-x}"})
    CHECK(substituted(text).find("is not understood") != std::string::npos);
}

TEST_CASE("Substitution: a value is not substituted again, nor joined with what stands around it") {
  ConfigSurroundings odd = config_test::surroundings();
  odd.variable = [](const std::string& name) { return name == "D" ? "$" : "${D}"; };
  CHECK(substitute("${E}", ".", odd) == std::string("${D}"));
  CHECK(substitute("${D}${E}", ".", odd) == std::string("$${D}"));
}

TEST_CASE("Network values: hosts come in lower case and without a last dot") {
  CHECK(parse_host_pattern("Shop.Example.COM.") == std::string("shop.example.com"));
  CHECK(parse_host_pattern("*.Example.com") == std::string("*.example.com"));
  CHECK(parse_host_pattern("localhost") == std::string("localhost"));
  CHECK(parse_host_pattern("[::1]") == std::string("[::1]"));
  for (const char* text : {"", ".", "a..b", "*.", "*.*.b", "-a b", "[::g]", "a*"})
    CHECK_FALSE(parse_host_pattern(text));
}

TEST_CASE("Network values: path prefixes lose their last slash") {
  CHECK(parse_path_prefix("/") == std::string(""));
  CHECK(parse_path_prefix("/api/v1/") == std::string("/api/v1"));
  for (const char* text : {"", "a", "//", "/a//b", "/./a", "/a/..", "/a b", "/a#b"})
    CHECK_FALSE(parse_path_prefix(text));
}

TEST_CASE("Network values: addresses of listeners are numbers, those of servers may be names") {
  const ConfigSurroundings machine = config_test::surroundings();
  CHECK(parse_listen_address(":0")->to_string() == "0.0.0.0:0");
  CHECK(parse_listen_address("[::]:80")->to_string() == "[::]:80");
  CHECK(why(parse_listen_address("app1:80")) == "names a host: listen on an IP address");
  CHECK(parse_server_address(":80", machine)->to_string() == "127.0.0.1:80");
  CHECK(parse_server_address("app1:80", machine)->to_string() == "10.9.9.9:80");
  CHECK(why(parse_server_address("app2:80", machine)) == "cannot be resolved");
  CHECK(why(parse_server_address("a$b:80", machine)) == "has a character that no host name has");
  for (const char* text : {"", ":", "a:", "[::1]", "[::1", "[::1]:", "a:b:c", "1.2.3:4", ":-1"})
    CHECK_FALSE(parse_server_address(text, machine));
}
