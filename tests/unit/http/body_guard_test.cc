// What stands between chunks, judged without llhttp.
#include "http/body_guard.h"

#include <doctest/doctest.h>

using namespace tealgate;

namespace {

// Cut at every position, the verdict is the same.
bool is_refused(std::string_view framing) {
  const bool refused = !BodyGuard(1000).check(framing).empty();
  for (std::size_t cut = 0; cut <= framing.size(); ++cut) {
    BodyGuard guard(1000);
    const bool first = !guard.check(framing.substr(0, cut)).empty();
    CHECK((first || !guard.check(framing.substr(cut)).empty()) == refused);
  }
  return refused;
}

}  // namespace

TEST_CASE("BodyGuard: line ends are CRLF, and there are no control characters") {
  CHECK_FALSE(is_refused("5;a=\"b\"\r\n"));
  CHECK_FALSE(is_refused("5;a=\tb\r\n"));
  CHECK(is_refused("5\n"));
  CHECK(is_refused("\n"));
  CHECK(is_refused("5\r\n5\n"));
  CHECK(is_refused("5\rx"));
  CHECK(is_refused("5\r\r\n"));
  CHECK(is_refused("5;\x01\r\n"));
  CHECK(is_refused("5;\x7f\r\n"));
  CHECK(is_refused(std::string_view("5;\0\r\n", 5)));
}

TEST_CASE("BodyGuard: framing may outweigh data by its slack, and no more") {
  BodyGuard guard(10);
  CHECK(guard.check("5;abcde\r\n").empty());
  CHECK_FALSE(guard.check("55").empty());
  guard.reset();
  for (int i = 0; i < 100; ++i) {
    CHECK(guard.check("1\r\n").empty());
    guard.on_chunk_line();
    guard.on_data(1);
    CHECK(guard.check("\r\n").empty());
  }
}

TEST_CASE("BodyGuard: data earns room for framing, but saves none up") {
  BodyGuard guard(10);
  CHECK(guard.check("123456789").empty());
  guard.on_data(2);
  CHECK(guard.check("12345").empty());
  guard.on_data(1000);
  CHECK_FALSE(guard.check("12345678901").empty());
}
