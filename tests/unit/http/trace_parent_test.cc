#include "http/trace_parent.h"

#include <doctest/doctest.h>

using namespace tealgate;

namespace {

constexpr std::string_view kId = "4bf92f3577b34da6a3ce929d0e0e4736";

std::string_view id_of(std::initializer_list<std::string_view> values) {
  RequestHead head;
  for (const std::string_view value : values) head.fields.push_back({"TraceParent", value});
  return trace_id(head);
}

}  // namespace

TEST_CASE("traceparent: a valid one has a trace-id, of later versions too") {
  CHECK(id_of({"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}) == kId);
  CHECK(id_of({"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"}) == kId);
}

TEST_CASE("traceparent: none, two, or one that is not valid has none") {
  CHECK(id_of({}).empty());
  const std::string_view good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  CHECK(id_of({good, good}).empty());
  for (const std::string_view bad : {
           "",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
           "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-xx",
           "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
       }) {
    INFO(std::string(bad));
    CHECK(id_of({bad}).empty());
  }
}
