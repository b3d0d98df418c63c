// Our own error pages.
#include "http/local_reply.h"

#include <doctest/doctest.h>

using namespace tealgate;

namespace {

bool is_html(std::string_view accept) {
  const LocalReply reply = error_reply(Failure::NoServer, "", {accept, "id"});
  return reply.fields.find("text/html") != std::string::npos;
}

}  // namespace

TEST_CASE("LocalReply: HTML for those who name it, problem+json for all others") {
  CHECK(is_html("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
  CHECK(is_html("application/json;q=0.5, text/html"));
  CHECK(is_html("TEXT/HTML"));
  CHECK_FALSE(is_html(""));
  CHECK_FALSE(is_html("*/*"));
  CHECK_FALSE(is_html("application/json"));
  CHECK_FALSE(is_html("text/html;q=0.3, application/problem+json;q=0.4"));
  CHECK_FALSE(is_html("text/html;q=0"));
  CHECK_FALSE(is_html("text/html;q=0.000,*/*"));
}

TEST_CASE("LocalReply: tells status, words, detail and request id, and is not to be stored") {
  const LocalReply reply = error_reply(Failure::ResponseTimeout, "after 60 s", {"", "id-7"});
  CHECK(reply.status == 504);
  CHECK(reply.body ==
        "{\"type\":\"about:blank\",\"title\":\"The server did not answer in time\",\"status\":504,"
        "\"detail\":\"after 60 s\",\"request_id\":\"id-7\"}\n");
  CHECK(reply.fields ==
        "Content-Type: application/problem+json\r\nCache-Control: no-store\r\n"
        "X-Request-Id: id-7\r\n");
  const LocalReply page =
      error_reply(Failure::ResponseTimeout, "after 60 s", {"text/html", "id-7"});
  CHECK(page.body.find("<h1>504 Gateway Timeout</h1>") != std::string::npos);
  CHECK(page.body.find("after 60 s") != std::string::npos);
  CHECK(page.body.find("id-7") != std::string::npos);
}

TEST_CASE("LocalReply: what a client sent cannot break out of page or JSON") {
  const LocalReply page = error_reply(Failure::NoServer, "", {"text/html", "<script>&\""});
  CHECK(page.body.find("<script>") == std::string::npos);
  CHECK(page.body.find("&lt;script&gt;&amp;&quot;") != std::string::npos);
  const LocalReply json = error_reply(Failure::NoServer, "", {"", "a\"b\\c"});
  CHECK(json.body.find("a\\\"b\\\\c") != std::string::npos);
}

TEST_CASE("LocalReply: 503 says when to come back, 405 what is allowed") {
  CHECK(error_reply(Failure::NoServer, "", {"", ""}).fields.find("Retry-After: ") !=
        std::string::npos);
  CHECK(error_reply(Failure::BadResponse, "", {"", ""}).fields.find("Retry-After") ==
        std::string::npos);
  CHECK(error_reply(Failure::MethodNotAllowed, "", {"", ""}).fields.find("Allow: GET") !=
        std::string::npos);
}
