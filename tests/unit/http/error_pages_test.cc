// An operator's own error pages.
#include "http/error_pages.h"

#include <doctest/doctest.h>

#include "http/local_reply.h"

using namespace tealgate;

namespace {

std::string rendered(const std::string& text) {
  return ErrorPage(text).render({.status = 502, .title = "A & B", .request_id = "<i>'\""});
}

std::shared_ptr<const ErrorPage> page(const std::string& text) {
  return std::make_shared<const ErrorPage>(text);
}

}  // namespace

TEST_CASE("ErrorPages: the words are replaced wherever they stand, escaped") {
  CHECK(rendered("{{status}}: {{title}} ({{request_id}}) {{status}}") ==
        "502: A &amp; B (&lt;i&gt;&#39;&quot;) 502");
  CHECK(rendered("") == "");
}

TEST_CASE("ErrorPages: other braces stay as they are") {
  for (const std::string text : {"{{", "{{}}", "{{other}}", "{status}", "{{ status }}", "a}}b{{c",
                                 "{{status", "function(){{return 1}}"}) {
    CHECK(rendered(text) == text);
  }
  CHECK(rendered("{{{status}}}") == "{502}");
  CHECK(rendered("{{{{status}}") == "{{502");
}

TEST_CASE("ErrorPages: the page for one status wins over that for all of a kind") {
  ErrorPages pages;
  CHECK(pages.find(502) == nullptr);
  pages.put(502, 502, page("one"));
  pages.put(500, 599, page("all"));
  CHECK(pages.find(502)->render({}) == "one");
  CHECK(pages.find(503)->render({}) == "all");
  CHECK(pages.find(404) == nullptr);
  pages.put(502, 502, page("new"));
  CHECK(pages.find(502)->render({}) == "new");
}

TEST_CASE("ErrorPages: browsers get the page, programs problem+json, and all the same fields") {
  ErrorPages pages;
  pages.put(503, 503, page("<p>{{status}} {{title}} {{request_id}}"));
  const LocalReply html = error_reply(Failure::NoServer, "", {"text/html", "id-7", &pages});
  CHECK(html.body == "<p>503 No server is available id-7");
  CHECK(html.fields ==
        "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\nRetry-After: 5\r\n"
        "X-Request-Id: id-7\r\n");
  const LocalReply json = error_reply(Failure::NoServer, "", {"*/*", "id-7", &pages});
  CHECK(json.body.starts_with("{\"type\""));
  const LocalReply other = error_reply(Failure::BadResponse, "", {"text/html", "", &pages});
  CHECK(other.body.find("<h1>502 Bad Gateway</h1>") != std::string::npos);
}
