// What must never be taken for a message: the strings that loose parsers, and some that strict
// llhttp, let pass.
#include "http/guard.h"

#include <doctest/doctest.h>

#include "unit/http/parsing.h"

using namespace tealgate;

namespace {

constexpr auto kRequests = H1Parser::Role::Requests;
constexpr auto kResponses = H1Parser::Role::Responses;

struct Refused {
  std::string text;
  Failure failure = Failure::BadRequest;
};

void check_refused(const std::vector<Refused>& table) {
  for (const Refused& row : table) {
    CAPTURE(row.text);
    const ParsedMessage parsed = parse_request(row.text);
    CHECK(parsed.failure == row.failure);
    CHECK_FALSE(parsed.detail.empty());
    CHECK(is_same_however_cut(kRequests, row.text));
  }
}

void check_responses_refused(const std::vector<std::string>& table) {
  for (const std::string& text : table) {
    CAPTURE(text);
    CHECK(parse_response(text).failure == Failure::BadResponse);
    CHECK(is_same_however_cut(kResponses, text));
  }
}

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n";
const std::string kPost = "POST / HTTP/1.1\r\nHost: h\r\n";
const std::string kChunked = kPost + "Transfer-Encoding: chunked\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\n";

}  // namespace

TEST_CASE("Guard: what a loosely built llhttp takes is refused, in whole and in any pieces") {
  check_refused({
      {kGet + "A: b\rC: d\r\n\r\n"},
      {kGet + "A: b\r\n\rX: y\r\n\r\n"},
      {kChunked + "5\r\nhelloX0\r\n\r\n"},
      {kChunked + "5\r\nhello\n0\r\n\r\n"},
      {kChunked + "5\r\nhello0\r\n\r\n"},
      {kChunked + "5\nhello\r\n0\r\n\r\n"},
      {kPost + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {kPost + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
      {kPost + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
      {kPost + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"},
      {kPost + "Content-Length: +5\r\n\r\nhello"},
      {kPost + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"},
      {kPost + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"},
      {kPost + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", Failure::UnsupportedCoding},
  });
}

TEST_CASE("Guard: what even strict llhttp takes is refused") {
  check_refused({
      {"GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n\tc\r\n\r\n"},
      {"GET / HTTP/1.1\r\n Host: h\r\n\r\n"},
      {"GET / HTTP/1.1\nHost: h\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: h\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: h\r\n\n"},
      {"GET /\r\n\r\n"},
      {"GET / \r\n\r\n"},
      {"POST /\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", Failure::UnsupportedVersion},
      {"GET / HTTP/0.9\r\nHost: h\r\n\r\n", Failure::UnsupportedVersion},
      {"GET / HTTP/1.2\r\nHost: h\r\n\r\n", Failure::UnsupportedVersion},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Failure::UnsupportedVersion},
      {"GET / RTSP/1.0\r\nHost: h\r\n\r\n"},
      {"SOURCE / ICE/1.0\r\nHost: h\r\n\r\n"},
      {kGet + ": b\r\n\r\n"},
      {"GET / HTTP/1.1\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"},
      {"POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
  });
}

TEST_CASE("Guard: request lines must be well-formed to the letter") {
  check_refused({
      {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"GET /  HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"GET / HTTP/1.1 \r\nHost: h\r\n\r\n"},
      {"GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"GET / http/1.1\r\nHost: h\r\n\r\n"},
      {"GET / HTTP/1.10\r\nHost: h\r\n\r\n"},
      {"GET / HTTP/11\r\nHost: h\r\n\r\n"},
      {"GET / HTTP/2\r\nHost: h\r\n\r\n"},
      {"GET / HTTP/+1.1\r\nHost: h\r\n\r\n"},
      {"G(T / HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"GET /\x7f HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n"},
      {" GET / HTTP/1.1\r\nHost: h\r\n\r\n"},
  });
}

TEST_CASE("Guard: control characters, white space around names and wrong names are refused") {
  check_refused({
      {kGet + "A: b" + std::string(1, '\0') + "c\r\n\r\n"},
      {kGet + "A: \x01\r\n\r\n"},
      {kGet + "A: 0123456789abcdef\x1f\r\n\r\n"},
      {kGet + "A: 0123456789\x7f"
              "abcdef\r\n\r\n"},
      {kGet + "A\t: b\r\n\r\n"},
      {kGet + "A B: c\r\n\r\n"},
      {kGet + "A\x80: c\r\n\r\n"},
      {kGet + "A\r\n\r\n"},
      {kGet + "A: b\r\r\n\r\n"},
      {kGet + "(A): b\r\n\r\n"},
      {kGet + "A: b\r"
              "C: d\r\n\r\n"},
  });
}

TEST_CASE("Guard: refuses on its own, without a second reading, and says what is wrong") {
  const auto detail_of = [](std::string_view block) {
    RequestHead head;
    return read_request_block(block, 100, head).detail;
  };
  const std::string line = "GET / HTTP/1.1\r\n";
  CHECK(detail_of(line + "A: b\r\n\r\n").empty());
  CHECK(detail_of(line + "A: b\r\n\r\nC: d\r\n\r\n") == "an empty line inside the head");
  CHECK(detail_of(line + "A: b\r\n c\r\n\r\n") == "a folded field line");
  CHECK(detail_of(line + "A : b\r\n\r\n") == "white space between a field name and its colon");
  CHECK(detail_of(line + ": b\r\n\r\n") == "an empty field name");
  CHECK(detail_of(line + "A: b\rC: d\r\n\r\n") == "a CR without LF");
  CHECK(detail_of(line + "A: b\n\r\n") == "an LF without CR");
  for (std::size_t at = 0; at < 16; ++at) {
    for (const char bad : {'\0', '\x1f', '\x7f', '\x0b'}) {
      std::string value(16, 'v');
      value[at] = bad;
      CHECK(detail_of(line + "A: " + value + "\r\n\r\n") == "a control character in the head");
    }
    for (const char good : {'\t', ' ', '\x80', '\xff', '~'}) {
      std::string value(16, 'v');
      value[at] = good;
      CHECK(detail_of(line + "A: " + value + "\r\n\r\n").empty());
    }
  }
}

TEST_CASE("Guard: field values may hold tabs and 8-bit characters") {
  const ParsedMessage parsed = parse_request(kGet + "A: b\tc \xc3\xa9\xff 0123456789\r\n\r\n");
  CHECK(parsed.failure == Failure::None);
  REQUIRE(parsed.fields.size() == 2);
  CHECK(parsed.fields[1].second == "b\tc \xc3\xa9\xff 0123456789");
}

TEST_CASE("Guard: malformed chunked bodies are refused") {
  for (const std::string body :
       {"0x5\r\nhello\r\n0\r\n\r\n", "-1\r\n", "+5\r\nhello\r\n", "5 \r\nhello\r\n0\r\n\r\n",
        "\r\n", "g\r\n", ";a\r\n", "10000000000000000\r\n", "fffffffffffffffff\r\n",
        "5\r\nhello\r\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\nA: b\n\r\n",
        "5\r\nhello\r\n0\r\nA\r\n\r\n", "5;\x01\r\nhello\r\n", "5\r\nhello\r\n0\r\n\rX\r\n\r\n",
        "5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n", "5\r\nhello\r\n0\r\n: b\r\n\r\n",
        "5;a\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\nA : b\r\n\r\n"}) {
    CAPTURE(body);
    CHECK(parse_request(kChunked + body).failure == Failure::BadRequest);
    CHECK(is_same_however_cut(kRequests, kChunked + body));
    const std::string response = kOk + "Transfer-Encoding: chunked\r\n\r\n" + body;
    CHECK(parse_response(response).failure == Failure::BadResponse);
    CHECK(is_same_however_cut(kResponses, response));
  }
}

TEST_CASE("Guard: malformed responses are refused") {
  check_responses_refused({
      "HTTP/1.1\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/2.0 200 OK\r\n\r\n",
      "HTTP/0.9 200 OK\r\n\r\n",
      "ICY 200 OK\r\n\r\n",
      "RTSP/1.0 200 OK\r\n\r\n",
      "HTTP/1.1 200 O\x01K\r\n\r\n",
      "HTTP/1.1 200 OK\nA: b\r\n\r\n",
      "HTTP/1.1 200 OK\rA: b\r\n\r\n",
      kOk + "A: b\r\n c\r\n\r\n",
      kOk + "A : b\r\n\r\n",
      kOk + ": b\r\n\r\n",
      kOk + "A: b\n\r\n",
      kOk + "A: b\rC: d\r\n\r\n",
      kOk + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
      kOk + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      kOk + "Content-Length: 5, 5\r\n\r\n",
      kOk + "Transfer-Encoding: gzip, chunked\r\n\r\n",
      kOk + "Transfer-Encoding: gzip\r\n\r\n",
      kOk + "Transfer-Encoding: identity\r\n\r\n",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
  });
}

TEST_CASE("Guard: a status line may go without its reason") {
  CHECK(parse_response("HTTP/1.1 204\r\n\r\n").start == "204 ");
  CHECK(parse_response("HTTP/1.1 204 \r\n\r\n").start == "204 ");
  CHECK(parse_response("HTTP/1.1 404 Not\tThere \xe9\r\nContent-Length: 0\r\n\r\n").complete);
}

TEST_CASE("Guard: methods that llhttp does not know are 501, CONNECT is 405") {
  check_refused({
      {"BREW / HTTP/1.1\r\nHost: h\r\n\r\n", Failure::UnsupportedCoding},
      {"GETX / HTTP/1.1\r\nHost: h\r\n\r\n", Failure::UnsupportedCoding},
      {"GE / HTTP/1.1\r\nHost: h\r\n\r\n", Failure::UnsupportedCoding},
      {"get / HTTP/1.1\r\nHost: h\r\n\r\n", Failure::UnsupportedCoding},
      {"DESCRIBE / HTTP/1.1\r\nHost: h\r\n\r\n", Failure::UnsupportedCoding},
      {"PLAY / HTTP/1.1\r\nHost: h\r\n\r\n", Failure::UnsupportedCoding},
      {"PRI / HTTP/1.1\r\nHost: h\r\n\r\n", Failure::UnsupportedCoding},
      {"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", Failure::MethodNotAllowed},
  });
  for (const std::string method : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE",
                                   "PATCH", "PROPFIND", "M-SEARCH", "PURGE"}) {
    CAPTURE(method);
    CHECK(parse_request(std::string(method) + " / HTTP/1.1\r\nHost: h\r\n\r\n").failure ==
          Failure::None);
  }
}
