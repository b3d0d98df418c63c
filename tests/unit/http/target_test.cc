// Request targets, Host, and the path as servers may read it.
#include "http/target.h"

#include <doctest/doctest.h>

#include "unit/http/parsing.h"

using namespace tealgate;

namespace {

ParsedMessage request_for(const std::string& target, const std::string& fields = "Host: h\r\n",
                          const std::string& method = "GET", const std::string& version = "1.1") {
  return parse_request(method + " " + target + " HTTP/" + version + "\r\n" + fields + "\r\n");
}

}  // namespace

TEST_CASE("Target: origin-form is path and query") {
  CHECK(request_for("/").path == "/");
  CHECK(request_for("/a/b").path == "/a/b");
  CHECK(request_for("/a?").path == "/a");
  CHECK(request_for("/a?").query == "");
  CHECK(request_for("/a?b?c=/d").query == "b?c=/d");
  CHECK(request_for("//a").path == "//a");
}

TEST_CASE("Target: absolute-form brings its own authority, which Host must not contradict") {
  const auto absolute = request_for("http://h:80/a?b");
  CHECK(absolute.authority == "h:80");
  CHECK(absolute.path == "/a");
  CHECK(absolute.query == "b");
  CHECK(request_for("http://h").path == "/");
  CHECK(request_for("http://h?q").query == "q");
  CHECK(request_for("http://h?q").path == "/");
  CHECK(request_for("HTTP://H/", "Host: h:80\r\n").failure == Failure::None);
  CHECK(request_for("https://h/", "Host: h:443\r\n").failure == Failure::None);
  CHECK(request_for("http://h:8080/").failure == Failure::BadRequest);
  CHECK(request_for("http://other/").failure == Failure::BadRequest);
  CHECK(request_for("https://h/", "Host: h:80\r\n").failure == Failure::BadRequest);
  CHECK(request_for("http://h/", "").failure == Failure::BadRequest);
  CHECK(request_for("http://h/", "", "GET", "1.0").authority == "h");
}

TEST_CASE("Target: other forms and schemes are refused") {
  for (const std::string target : {"a", "h:80", "ftp://h/", "http:///a", "http://u@h/", "http:/h",
                                   "http:h", "?a", "#", "*a", "http://h:x/", "http://h%zz/"}) {
    CAPTURE(target);
    CHECK(request_for(target).failure == Failure::BadRequest);
  }
}

TEST_CASE("Target: the asterisk is for OPTIONS alone") {
  const auto options = request_for("*", "Host: h\r\n", "OPTIONS");
  CHECK(options.failure == Failure::None);
  CHECK(options.path == "*");
  CHECK(request_for("*").failure == Failure::BadRequest);
  CHECK(request_for("http://h", "Host: h\r\n", "OPTIONS").path == "*");
  CHECK(request_for("http://h/", "Host: h\r\n", "OPTIONS").path == "/");
}

TEST_CASE("Target: fragments and escapes that mean nothing are refused") {
  for (const std::string target : {"/a#b", "/a?b#c", "/%", "/%4", "/%zz", "/%4g", "/a%00b"}) {
    CAPTURE(target);
    CHECK(request_for(target).failure == Failure::BadRequest);
  }
  CHECK(request_for("/%41?100%").failure == Failure::None);
}

TEST_CASE("Target: Host is a name or address with an optional port") {
  for (const std::string host :
       {"a", "a.b-c.example", "a_b", "1.2.3.4:80", "[::1]", "[::1]:8080", "a:", "a.",
        "xn--bcher-kva.example", "a%41", "EXAMPLE.com:65535"}) {
    CAPTURE(host);
    CHECK(is_authority(host));
    CHECK(request_for("/", std::string("Host: ") + host + "\r\n").authority == host);
  }
  for (const std::string host :
       {"",        " ",     ":80",  "a b",     "a/b",  "a?b",   "a@b",  "a#b",      "a\\b",
        "a:b",     "a:1:2", "a:+1", "a:65536", "::1",  "[::1",  "[]",   "[::g]",    "[::1]x",
        "[::1]:x", "a,b/",  "a%",   "a%zz",    "a%00", "a%20b", "a\"b", "\xc3\xa9", "<a>"}) {
    CAPTURE(host);
    CHECK_FALSE(is_authority(host));
    CHECK(request_for("/", std::string("Host: ") + host + "\r\n").failure == Failure::BadRequest);
  }
}

TEST_CASE("Target: a NUL does not end an address") {
  CHECK_FALSE(is_authority(std::string_view("[::1\0]", 6)));
}

TEST_CASE("Target: HTTP/1.0 may leave Host out, but not give two") {
  const auto parsed = request_for("/", "", "GET", "1.0");
  CHECK(parsed.failure == Failure::None);
  CHECK(parsed.authority == "");
  CHECK(request_for("/", "Host: a\r\nHost: a\r\n", "GET", "1.0").failure == Failure::BadRequest);
}

TEST_CASE("Target: host_of leaves the port out") {
  CHECK(host_of("a:80") == "a");
  CHECK(host_of("a") == "a");
  CHECK(host_of("[::1]:80") == "[::1]");
  CHECK(host_of("[::1]") == "[::1]");
  CHECK(host_of("") == "");
}

TEST_CASE("Target: the normalised path is what the most eager server could make of it") {
  const std::pair<const char*, const char*> table[] = {
      {"/", "/"},
      {"/a/b/", "/a/b/"},
      {"//a///b", "/a/b"},
      {"/a//", "/a/"},
      {"/a/./b", "/a/b"},
      {"/a/.", "/a/"},
      {"/a/../b", "/b"},
      {"/a/b/..", "/a/"},
      {"/a/..", "/"},
      {"/..", "/"},
      {"/../../a", "/a"},
      {"/%61/%2e%2E/b", "/b"},
      {"/a%2fb", "/a/b"},
      {"/a%5C..%5cb", "/b"},
      {"/a\\..\\b", "/b"},
      {"/a;x=1/b;y", "/a/b"},
      {"/a/..;/b", "/b"},
      {"/a/..;x=%2f/b", "/b"},
      {"/caf%c3%a9", "/caf%C3%A9"},
      {"/%252e%252e/a", "/%252e%252e/a"},
      {"/a%20b", "/a%20b"},
      {"/.well-known/x", "/.well-known/x"},
      {"/...", "/..."},
      {"*", "*"},
  };
  for (const auto& [path, normal] : table) {
    CAPTURE(path);
    CHECK(normalised_path(path) == normal);
    if (is_normal_path(path)) CHECK(normalised_path(path) == path);
  }
}

TEST_CASE("Target: the cheap test passes plain paths and none that would change") {
  for (const std::string path : {"/", "/a/b.html", "/a-b_c~d/", "/a=b&c,d", "*", "/a.b/c..d"}) {
    CAPTURE(path);
    CHECK(is_normal_path(path));
  }
  for (const std::string path :
       {"//", "/./a", "/../a", "/a/..", "/%61", "/a;b", "/a\\b", "/a//b"}) {
    CAPTURE(path);
    CHECK_FALSE(is_normal_path(path));
  }
}

TEST_CASE("Target: half a target leaves neither host nor path") {
  for (const std::string target : {"/%zz", "/a#b", "http://other/x", "http://u@h/x", "*"}) {
    CAPTURE(target);
    RequestHead head;
    head.method = "GET";
    head.target = target;
    REQUIRE(read_target(1, "h", head));
    CHECK(head.path.empty());
    CHECK(head.authority.empty());
  }
}
