// Looking things up in heads.
#include "http/message.h"

#include <doctest/doctest.h>

#include <string>

using namespace tealgate;

TEST_CASE("Message: field names are compared without case, and only ASCII has any") {
  CHECK(equals_ignoring_case("Content-Length", "cONTENT-lENGTH"));
  CHECK_FALSE(equals_ignoring_case("a", "ab"));
  CHECK_FALSE(equals_ignoring_case("@", "`"));
  CHECK_FALSE(equals_ignoring_case("[", "{"));
  CHECK_FALSE(equals_ignoring_case("\xc4", "\xe4"));
}

TEST_CASE("Message: the first field of a name counts, and an empty one is there") {
  RequestHead head;
  head.fields = {{"A", ""}, {"B", "1"}, {"b", "2"}};
  CHECK(head.field("b") == "1");
  CHECK(head.has_field("a"));
  CHECK(head.field("c").data() == nullptr);
}

TEST_CASE("Message: tokens are found over all lines of a list") {
  RequestHead head;
  head.fields = {{"Connection", "a,, b ,"}, {"connection", "\tC"}};
  for (const std::string token : {"A", "b", "c"}) CHECK(head.field_has_token("Connection", token));
  CHECK_FALSE(head.field_has_token("Connection", "d"));
  CHECK_FALSE(head.field_has_token("Connection", "a,"));
}

TEST_CASE("Message: views outside of the block survive retain() as they are") {
  static const std::string kElsewhere = "/";
  std::string block = "GET http://h HTTP/1.1\r\n\r\n";
  RequestHead head;
  head.block = block;
  head.method = head.block.substr(0, 3);
  head.path = kElsewhere;
  head.retain();
  block.assign(block.size(), 'x');
  CHECK(head.method == "GET");
  CHECK(head.path.data() == kElsewhere.data());
  CHECK(head.block.substr(0, 4) == "GET ");
}

TEST_CASE("Message: idempotent methods, by the letter") {
  RequestHead head;
  for (const std::string method : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}) {
    head.method = method;
    CHECK(head.is_idempotent());
  }
  for (const std::string method : {"POST", "PATCH", "get", "CONNECT", ""}) {
    head.method = method;
    CHECK_FALSE(head.is_idempotent());
  }
}
