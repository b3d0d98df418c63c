// Heads and chunk framing as text.
#include "http/h1_writer.h"

#include <doctest/doctest.h>

#include "http/status.h"

using namespace tealgate;

TEST_CASE("H1Writer: a status line without a reason gets the standard one") {
  std::string out;
  append_status_line(out, 404);
  append_status_line(out, 200, "Fine");
  append_status_line(out, 599);
  CHECK(out == "HTTP/1.1 404 Not Found\r\nHTTP/1.1 200 Fine\r\nHTTP/1.1 599 Unknown\r\n");
}

TEST_CASE("H1Writer: a request head") {
  std::string out;
  append_request_line(out, "GET", "/a");
  append_field(out, "Host", "h");
  append_end_of_head(out);
  CHECK(out == "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
}

TEST_CASE("H1Writer: framing is one field or none") {
  const auto framing = [](Framing::Kind kind, std::uint64_t length = 0) {
    std::string out;
    append_framing(out, {kind, length});
    return out;
  };
  CHECK(framing(Framing::Kind::Length, UINT64_MAX) == "Content-Length: 18446744073709551615\r\n");
  CHECK(framing(Framing::Kind::Length) == "Content-Length: 0\r\n");
  CHECK(framing(Framing::Kind::Chunked) == "Transfer-Encoding: chunked\r\n");
  CHECK(framing(Framing::Kind::None).empty());
  CHECK(framing(Framing::Kind::UntilClose).empty());
}

TEST_CASE("H1Writer: chunk sizes are hexadecimal") {
  std::string out;
  append_chunk_head(out, 8000);
  append_chunk_head(out, SIZE_MAX);
  CHECK(out == "1f40\r\nffffffffffffffff\r\n");
}

TEST_CASE("Status: which responses have no body") {
  for (const int status : {100, 103, 199, 204, 304}) CHECK(is_bodiless(status));
  for (const int status : {200, 205, 206, 301, 404, 500}) CHECK_FALSE(is_bodiless(status));
}
