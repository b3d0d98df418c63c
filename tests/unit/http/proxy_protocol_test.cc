#include "http/proxy_protocol.h"

#include <doctest/doctest.h>

#include <string>

using namespace tealgate;
using namespace std::string_literals;

namespace {

using Outcome = ProxyHeader::Outcome;

// The same, however many bytes have come: nothing before the end, then the end, whatever follows.
ProxyHeader read(const std::string& header) {
  for (std::size_t size = 0; size < header.size(); ++size) {
    CHECK(read_proxy_header(header.substr(0, size)).outcome == Outcome::NeedMore);
  }
  const ProxyHeader read = read_proxy_header(header);
  const ProxyHeader more = read_proxy_header(header + "GET / HTTP/1.1\r\n\r\n");
  CHECK(more.outcome == read.outcome);
  CHECK(more.size == read.size);
  return read;
}

std::string client_of(const std::string& header) {
  const ProxyHeader result = read(header);
  REQUIRE(result.outcome == Outcome::Complete);
  CHECK(result.size == header.size());
  return result.client ? result.client->to_string() : "the peer";
}

std::string refusal_of(const std::string& bytes) {
  const ProxyHeader result = read_proxy_header(bytes);
  CHECK(result.outcome == Outcome::Failed);
  return std::string(result.detail);
}

std::string version2(unsigned char command, unsigned char family, const std::string& body) {
  std::string header = "\r\n\r\n\0\r\nQUIT\n"s;
  header += static_cast<char>(0x20 | command);
  header += static_cast<char>(family);
  header += static_cast<char>(body.size() >> 8);
  header += static_cast<char>(body.size() & 0xff);
  return header + body;
}

const std::string kAddresses4 = "\xc0\x00\x02\x07\x0a\x00\x00\x01\x30\x39\x00\x50"s;
const std::string kAddresses6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x07" +
                                std::string(16, '\x01') + "\x30\x39\x00\x50"s;

}  // namespace

TEST_CASE("ProxyHeader: a line of version 1 tells the client") {
  CHECK(client_of("PROXY TCP4 192.0.2.7 10.0.0.1 12345 80\r\n") == "192.0.2.7:12345");
  CHECK(client_of("PROXY TCP6 2001:db8::7 ::1 65535 0\r\n") == "[2001:db8::7]:65535");
  CHECK(client_of("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n") ==
        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

TEST_CASE("ProxyHeader: UNKNOWN means the peer, whatever stands behind it") {
  CHECK(client_of("PROXY UNKNOWN\r\n") == "the peer");
  CHECK(client_of("PROXY UNKNOWN ffff::1 what ever\r\n") == "the peer");
}

TEST_CASE("ProxyHeader: version 2 tells the client, and its TLVs are skipped") {
  CHECK(client_of(version2(1, 0x11, kAddresses4)) == "192.0.2.7:12345");
  CHECK(client_of(version2(1, 0x11,
                           kAddresses4 + "\x03\x00\x04"
                                         "abcd"s)) == "192.0.2.7:12345");
  CHECK(client_of(version2(1, 0x21, kAddresses6)) == "[2001:db8::7]:12345");
  CHECK(client_of(version2(1, 0x21, kAddresses6 + std::string(4060, 'x'))) ==
        "[2001:db8::7]:12345");
}

TEST_CASE("ProxyHeader: LOCAL, UNSPEC and UNIX mean the peer") {
  CHECK(client_of(version2(0, 0x00, "")) == "the peer");
  CHECK(client_of(version2(0, 0x11, kAddresses4)) == "the peer");
  CHECK(client_of(version2(0, 0xff, "??")) == "the peer");
  CHECK(client_of(version2(1, 0x00, "")) == "the peer");
  CHECK(client_of(version2(1, 0x31, std::string(216, 'u'))) == "the peer");
}

TEST_CASE("ProxyHeaderReader: pieces are put together, and what follows is left") {
  ProxyHeaderReader reader;
  CHECK(reader.take("PROXY TCP4 192.0").header.outcome == Outcome::NeedMore);
  const ProxyHeaderReader::Step step = reader.take(".2.7 10.0.0.1 12345 80\r\nGET");
  REQUIRE(step.header.outcome == Outcome::Complete);
  CHECK(step.header.client->to_string() == "192.0.2.7:12345");
  CHECK(step.consumed == std::string_view(".2.7 10.0.0.1 12345 80\r\n").size());
}

TEST_CASE("ProxyHeader: what is no header is refused at its first wrong byte") {
  CHECK(refusal_of("G") == "no PROXY header");
  CHECK(refusal_of("PROXX") == "no PROXY header");
  CHECK(refusal_of("proxy tcp4") == "no PROXY header");
  CHECK(refusal_of("\r\n\r\nG") == "no PROXY header");
  CHECK(refusal_of("\r\n\r\n\0\r\nQUIT\n\x11"s) ==
        "a PROXY header of an unknown version or command");
}

TEST_CASE("ProxyHeader: a malformed line of version 1 is refused") {
  for (const char* line : {
           "PROXY \r\n",
           "PROXY  TCP4 1.2.3.4 1.2.3.4 1 1\r\n",
           "PROXY UDP4 1.2.3.4 1.2.3.4 1 1\r\n",
           "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
           "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 1\r\n",
           "PROXY TCP4 1.2.3.4  1.2.3.4 1 1\r\n",
           "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 \r\n",
           "PROXY TCP4 1.2.3 1.2.3.4 1 1\r\n",
           "PROXY TCP4 1.2.3.4 1.2.3.400 1 1\r\n",
           "PROXY TCP4 ::1 ::1 1 1\r\n",
           "PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n",
           "PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n",
           "PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n",
           "PROXY TCP4 1.2.3.4 1.2.3.4 +1 1\r\n",
           "PROXY TCP4 1.2.3.4 1.2.3.4 1 -1\r\n",
           "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n",
           "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\rX",
           "PROXY UNKNOWN\n",
           "PROXY UNKNOWNX\r\n",
       }) {
    INFO(line);
    CHECK(refusal_of(line) != "");
  }
}

TEST_CASE("ProxyHeader: an address does not end at a NUL") {
  CHECK(refusal_of("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 1\r\n"s) == "a PROXY line with a bad address");
}

TEST_CASE("ProxyHeader: a line of version 1 may have 107 bytes") {
  const std::string longest = "PROXY UNKNOWN " + std::string(107 - 16, 'x') + "\r\n";
  CHECK(longest.size() == 107);
  CHECK(client_of(longest) == "the peer");
  CHECK(refusal_of("PROXY UNKNOWN " + std::string(107 - 15, 'x') + "\r\n") ==
        "a PROXY line without an end");
  CHECK(refusal_of("PROXY UNKNOWN " + std::string(1000, 'x')) == "a PROXY line without an end");
}

TEST_CASE("ProxyHeader: version 2 of another family, too short or too long, is refused") {
  CHECK(refusal_of(version2(1, 0x12, kAddresses4)) == "a PROXY header of an unknown family");
  CHECK(refusal_of(version2(1, 0x41, kAddresses4)) == "a PROXY header of an unknown family");
  CHECK(refusal_of(version2(2, 0x11, kAddresses4)) ==
        "a PROXY header of an unknown version or command");
  CHECK(refusal_of(version2(1, 0x11, kAddresses4.substr(1))) ==
        "a PROXY header that is too short for its addresses");
  CHECK(refusal_of(version2(1, 0x21, kAddresses4)) ==
        "a PROXY header that is too short for its addresses");
  CHECK(refusal_of(version2(0, 0x00, std::string(4097, 'x')).substr(0, 16)) ==
        "a PROXY header that is too long");
}
