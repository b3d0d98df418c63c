#include "proxy/access_log.h"

#include <doctest/doctest.h>

using namespace tealgate;

namespace {

const WallTime kNow = WallTime(std::chrono::seconds(1763992805) + std::chrono::milliseconds(7));

std::string combined(const AccessRecord& record) {
  std::string line;
  append_combined_line(line, record, kNow);
  return line;
}

}  // namespace

TEST_CASE("AccessLog: combined is nginx's") {
  CHECK(combined({.client_ip = "192.0.2.1",
                  .method = "GET",
                  .path = "/cart",
                  .user_agent = "curl/7.88.1",
                  .referer = "https://shop.example/",
                  .minor_version = 1,
                  .status = 200,
                  .bytes_out = 400,
                  .body_out = 123}) ==
        "192.0.2.1 - - [24/Nov/2025:14:00:05 +0000] \"GET /cart HTTP/1.1\" 200 123 "
        "\"https://shop.example/\" \"curl/7.88.1\"");
}

TEST_CASE("AccessLog: combined has a dash for what there is not, and 000 where nothing was sent") {
  CHECK(combined({}) == "- - - [24/Nov/2025:14:00:05 +0000] \"-\" 000 0 \"-\" \"-\"");
  CHECK(combined({.method = "GET", .path = "/", .minor_version = 0})
            .find("\"GET / HTTP/1.0\" 000 0") != std::string::npos);
}

TEST_CASE("AccessLog: combined escapes as nginx does, so that a client forges no line") {
  CHECK(combined({.user_agent = "a\"b\\c\x1b[2J\n\x7f\xc3\xa4 ~"})
            .ends_with("\"a\\x22b\\x5Cc\\x1B[2J\\x0A\\x7F\\xC3\\xA4 ~\""));
}

TEST_CASE("AccessLog: the JSON line has the trace's id, if there is one") {
  std::string line;
  append_json_line(line, {.request_id = "r", .trace_id = "4bf9", .client_ip = "c"}, kNow);
  CHECK(line.find(R"("request_id":"r","trace_id":"4bf9","client_ip":"c")") != std::string::npos);
  line.clear();
  append_json_line(line, {.request_id = "r"}, kNow);
  CHECK(line.find("trace_id") == std::string::npos);
}
