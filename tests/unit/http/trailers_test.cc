// Which trailers go on.
#include "http/trailers.h"

#include <doctest/doctest.h>

using namespace tealgate;

TEST_CASE("Trailers: what frames, routes, authenticates or describes a message stays behind") {
  for (const char* name : {"Content-Length",
                           "content_length",
                           "Transfer-Encoding",
                           "Trailer",
                           "TE",
                           "Connection",
                           "Keep-Alive",
                           "Upgrade",
                           "Host",
                           "Authorization",
                           "Proxy-Authorization",
                           "Cookie",
                           "Set-Cookie",
                           "Content-Type",
                           "Content-Encoding",
                           "Content-Range",
                           "If-Match",
                           "Range",
                           "Cache-Control",
                           "Expect",
                           "Location",
                           "Vary",
                           "Date",
                           "Access-Control-Allow-Origin",
                           "Sec-WebSocket-Key",
                           "X-Forwarded-For",
                           "X_Forwarded_For",
                           "Forwarded",
                           "X-Real-IP",
                           "Via",
                           "X-Request-Id"}) {
    CAPTURE(name);
    CHECK_FALSE(may_be_trailer(name));
  }
  for (const char* name : {"grpc-status", "Server-Timing", "Content-Digest", "Content-MD5", "ETag",
                           "Digest", "X-Checksum", "Authentication-Info", "Hostname"}) {
    CAPTURE(name);
    CHECK(may_be_trailer(name));
  }
}

TEST_CASE("Trailers: a rule that takes a field out of heads takes it out here") {
  HeaderRules rules;
  rules.remove("X-Secret");
  rules.set("X-Set", {"by us"});
  const std::vector<Field> trailers = {
      {"X-Secret", "1"}, {"X-Set", "by them"}, {"Host", "h"}, {"X-Sum", "2"}};
  std::string with_rules, without;
  append_trailers(with_rules, trailers, &rules);
  append_trailers(without, trailers, nullptr);
  CHECK(with_rules == "X-Sum: 2\r\n");
  CHECK(without == "X-Secret: 1\r\nX-Set: by them\r\nX-Sum: 2\r\n");
}
