// RFC 9112 6.3 and 9.3: how long a body is, and whether the connection lives on.
#include "http/framing.h"

#include <doctest/doctest.h>

#include "unit/http/parsing.h"

using namespace tealgate;
using Kind = Framing::Kind;

namespace {

ParsedMessage request_with(const std::string& fields, const std::string& version = "1.1") {
  return parse_request("POST / HTTP/" + version + "\r\nHost: h\r\n" + fields + "\r\n");
}

ParsedMessage response_with(const std::string& fields, const std::string& version = "1.1") {
  return parse_response("HTTP/" + version + " 200 OK\r\n" + fields + "\r\n");
}

}  // namespace

TEST_CASE("Framing: requests have the body that one of two fields announces, else none") {
  CHECK(request_with("").framing.kind == Kind::None);
  CHECK(request_with("Content-Length: 0\r\n").framing.kind == Kind::Length);
  CHECK_FALSE(request_with("Content-Length: 0\r\n").framing.has_body());
  CHECK(request_with("content-length: 18446744073709551615\r\n").framing.length == UINT64_MAX);
  CHECK(request_with("Transfer-Encoding: CHUNKED\r\n").framing.kind == Kind::Chunked);
}

TEST_CASE("Framing: responses without either field last until close") {
  CHECK(response_with("").framing.kind == Kind::UntilClose);
  CHECK(response_with("Content-Length: 7\r\n").framing.length == 7);
  CHECK(response_with("Transfer-Encoding: chunked\r\n").framing.kind == Kind::Chunked);
}

TEST_CASE("Framing: Content-Length is digits alone, once") {
  for (const std::string value : {"", "+1", "-1", "1 2", "1,1", "1, 1", "0x1", "1.0", "a", "1a",
                                  "18446744073709551616", "99999999999999999999999"}) {
    CAPTURE(value);
    const std::string field = std::string("Content-Length: ") + value + "\r\n";
    CHECK(request_with(field).failure == Failure::BadRequest);
    CHECK(response_with(field).failure == Failure::BadResponse);
  }
}

TEST_CASE("Framing: chunked is the only transfer coding; others are unknown or ambiguous") {
  const auto failure_of = [](const std::string& value) {
    return request_with("Transfer-Encoding: " + value + "\r\n").failure;
  };
  CHECK(failure_of("gzip, chunked") == Failure::UnsupportedCoding);
  CHECK(failure_of("gzip") == Failure::UnsupportedCoding);
  CHECK(failure_of("identity") == Failure::UnsupportedCoding);
  CHECK(failure_of("\"chunked\"") == Failure::UnsupportedCoding);
  CHECK(failure_of("chunked, chunked") == Failure::BadRequest);
  CHECK(failure_of("chunked;q=1") == Failure::BadRequest);
  CHECK(failure_of("") == Failure::BadRequest);
  CHECK(request_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n").failure ==
        Failure::BadRequest);
  CHECK(request_with("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n").failure ==
        Failure::BadRequest);
}

TEST_CASE("Framing: refuses on its own, without a second reading") {
  const auto detail_of = [](std::vector<Field> fields) {
    RequestHead head;
    head.fields = std::move(fields);
    return frame_request(decisive_fields(head), head).detail;
  };
  const Field length{"Content-Length", "5"};
  const Field chunked{"Transfer-Encoding", "chunked"};
  CHECK(detail_of({length}).empty());
  CHECK(detail_of({length, length}) == "two Content-Length fields");
  CHECK(detail_of({chunked, chunked}) == "two Transfer-Encoding fields");
  CHECK(detail_of({chunked, length}) == "both Content-Length and Transfer-Encoding");
}

TEST_CASE("Framing: keep-alive follows version and Connection") {
  CHECK(request_with("").keep_alive);
  CHECK_FALSE(request_with("Connection: close\r\n").keep_alive);
  CHECK_FALSE(request_with("Connection: foo , CLOSE\r\n").keep_alive);
  CHECK_FALSE(request_with("Connection: keep-alive\r\nConnection: close\r\n").keep_alive);
  CHECK_FALSE(request_with("", "1.0").keep_alive);
  CHECK(request_with("Connection: Keep-Alive\r\n", "1.0").keep_alive);
  CHECK_FALSE(request_with("Connection: keep-alive, close\r\n", "1.0").keep_alive);
  CHECK_FALSE(response_with("Content-Length: 0\r\n", "1.0").keep_alive);
  CHECK(response_with("Content-Length: 0\r\nConnection: keep-alive\r\n", "1.0").keep_alive);
  CHECK_FALSE(response_with("Connection: keep-alive\r\n").keep_alive);
}

TEST_CASE("Framing: only 100-continue may be expected, and HTTP/1.0 expects nothing") {
  CHECK(request_with("Expect: 100-Continue\r\n").failure == Failure::None);
  CHECK(request_with("Expect: 200-ok\r\n").failure == Failure::ExpectationFailed);
  CHECK(request_with("Expect: 100-continue\r\nExpect: x\r\n").failure ==
        Failure::ExpectationFailed);
  CHECK(request_with("Expect: 200-ok\r\n", "1.0").failure == Failure::None);
  RequestHead head;
  H1Parser(H1Parser::Role::Requests)
      .parse_request_head("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-CONTINUE\r\n\r\n", head);
  CHECK(head.expects_continue());
  head.minor_version = 0;
  CHECK_FALSE(head.expects_continue());
}
