#include "http/event_boundary.h"

#include <doctest/doctest.h>

#include <string>

using namespace tealgate;

namespace {

bool ends_event(std::string_view bytes) {
  EventBoundary whole, pieces;
  whole.take(bytes);
  for (std::size_t at = 0; at < bytes.size(); ++at) pieces.take(bytes.substr(at, 1));
  CHECK(whole.is_at_boundary() == pieces.is_at_boundary());
  return whole.is_at_boundary();
}

}  // namespace

TEST_CASE("Event boundary: before the first byte, and after a blank line of any kind") {
  CHECK(EventBoundary().is_at_boundary());
  for (const char* end : {"\n\n", "\r\n\r\n", "\r\r", "\n\r\n", "\r\n\n", "\n\r", "\n\n\n"}) {
    CHECK(ends_event("data: 1" + std::string(end)));
    CHECK_FALSE(ends_event("data: 1" + std::string(end) + "d"));
  }
  for (const char* inside : {"data: 1", "data: 1\n", "data: 1\r\n", "data: 1\r", "x"}) {
    CHECK_FALSE(ends_event(inside));
  }
}

TEST_CASE("Event boundary: up to the end of an event, and no further") {
  EventBoundary events;
  events.take("data: on");
  CHECK(events.take_event("e\n") == 2);
  CHECK_FALSE(events.is_at_boundary());
  CHECK(events.take_event("\ndata: two\n\n") == 1);
  CHECK(events.is_at_boundary());
  CHECK(events.take_event("data: 2\r\n\r\ndata: 3") == 11);
}
