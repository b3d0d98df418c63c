#include "base/log_ring.h"

#include <doctest/doctest.h>

#include <thread>

using namespace tealgate;

namespace {

std::string taken(LogRing& ring) {
  std::string lines;
  ring.take(lines);
  return lines;
}

}  // namespace

TEST_CASE("LogRing: gives lines back in order, each once") {
  LogRing ring(64);
  CHECK(taken(ring).empty());
  CHECK(ring.append("one"));
  CHECK(ring.append(""));
  CHECK(ring.append("two"));
  CHECK(taken(ring) == "one\n\ntwo\n");
  CHECK(taken(ring).empty());
}

TEST_CASE(
    "LogRing: drops and counts whole lines when full, and takes lines again when there is room") {
  LogRing ring(16);
  CHECK(ring.append("1234567"));
  CHECK(ring.append("1234567"));
  CHECK_FALSE(ring.append(""));
  CHECK_FALSE(ring.append("x"));
  CHECK(ring.dropped() == 2);
  CHECK(taken(ring) == "1234567\n1234567\n");
  CHECK(ring.append("again"));
  CHECK(taken(ring) == "again\n");
  CHECK_FALSE(ring.append("a line longer than the ring"));
  CHECK(ring.dropped() == 3);
}

TEST_CASE("LogRing: lines pass the end of the ring unharmed") {
  LogRing ring(16);
  for (int i = 0; i < 100; ++i) {
    std::string line = "line " + std::to_string(i);
    REQUIRE(ring.append(line));
    REQUIRE(taken(ring) == line + "\n");
  }
}

TEST_CASE("LogRing: what waits is known after a look") {
  LogRing ring(64);
  ring.append("123");
  CHECK(ring.waiting() == 4);
  taken(ring);
  CHECK(ring.waiting() == 4);
  ring.look();
  CHECK(ring.waiting() == 0);
}

TEST_CASE("LogRing: a consumer on another thread gets every line that was not dropped, in order") {
  LogRing ring(256);
  constexpr int kLines = 20000;
  std::thread producer([&] {
    for (int i = 0; i < kLines; ++i) ring.append(std::to_string(i));
    ring.end();
  });
  std::string all;
  for (bool has_ended = false; !has_ended;) {
    has_ended = ring.has_ended();
    ring.take(all);
  }
  producer.join();

  int last = -1;
  std::uint64_t lines = 0;
  for (std::size_t at = 0; at < all.size(); at = all.find('\n', at) + 1, ++lines) {
    int number = std::stoi(all.substr(at, all.find('\n', at) - at));
    REQUIRE(number > last);
    last = number;
  }
  CHECK(lines + ring.dropped() == kLines);
}
