#include "http/local_reply.h"

#include <fmt/core.h>

#include <algorithm>

#include "http/field_list.h"
#include "http/h1_writer.h"
#include "http/status.h"

namespace tealgate {

namespace {

// Thousandths; 1000 where the parameter is missing or malformed (RFC 9110 12.4.2).
int quality_of(std::string_view parameters) {
  const std::size_t at = parameters.find("q=");
  if (at == std::string_view::npos || parameters.size() < at + 3) return 1000;
  const std::string_view text = trimmed(parameters.substr(at + 2, 5));
  if (text.empty() || text[0] != '0') return 1000;
  int thousandths = 0;
  int weight = 100;
  for (std::size_t i = 2; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i, weight /= 10) {
    thousandths += (text[i] - '0') * weight;
  }
  return thousandths;
}

// HTML only for those who name it: whoever says */* is seldom a person.
bool prefers_html(std::string_view accept) {
  int html = 0;
  int json = 0;
  while (!accept.empty()) {
    const std::string_view range = take_item(accept);
    const std::size_t semicolon = std::min(range.find(';'), range.size());
    const std::string_view type = trimmed(range.substr(0, semicolon));
    const int quality = quality_of(range.substr(semicolon));
    if (equals_ignoring_case(type, "text/html") || equals_ignoring_case(type, "text/*")) {
      html = std::max(html, quality);
    }
    if (equals_ignoring_case(type, "application/problem+json") ||
        equals_ignoring_case(type, "application/json")) {
      json = std::max(json, quality);
    }
  }
  return html > 0 && html >= json;
}

std::string escaped_for_json(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.append(1, '\\').append(1, c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string html_page(const FailureFacts& facts, std::string_view detail, std::string_view id) {
  std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{0} {1}</title>\n"
      "<style>body{{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:36rem;"
      "padding:0 1rem}}small{{color:#667}}</style>\n<h1>{0} {1}</h1>\n<p>{2}.</p>\n",
      facts.status, standard_reason(facts.status), escaped_for_html(facts.title));
  if (!detail.empty()) page += fmt::format("<p>{}</p>\n", escaped_for_html(detail));
  if (!id.empty()) page += fmt::format("<small>Request {}</small>\n", escaped_for_html(id));
  return page;
}

std::string problem_json(const FailureFacts& facts, std::string_view detail, std::string_view id) {
  std::string json = fmt::format(R"({{"type":"about:blank","title":"{}","status":{})",
                                 escaped_for_json(facts.title), facts.status);
  if (!detail.empty()) json += fmt::format(R"(,"detail":"{}")", escaped_for_json(detail));
  if (!id.empty()) json += fmt::format(R"(,"request_id":"{}")", escaped_for_json(id));
  return json + "}\n";
}

}  // namespace

LocalReply error_reply(Failure failure, std::string_view detail, const ReplyTo& to) {
  const FailureFacts& facts = facts_of(failure);
  const bool html = prefers_html(to.accept);
  LocalReply reply;
  reply.status = facts.status;
  append_field(reply.fields, "Content-Type",
               html ? "text/html; charset=utf-8" : "application/problem+json");
  append_field(reply.fields, "Cache-Control", "no-store");
  if (facts.status == 503) append_field(reply.fields, "Retry-After", "5");
  if (facts.status == 405) {
    append_field(reply.fields, "Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  }
  if (!to.request_id.empty()) append_field(reply.fields, "X-Request-Id", to.request_id);
  const ErrorPage* const page = html && to.pages ? to.pages->find(facts.status) : nullptr;
  if (page) {
    reply.body =
        page->render({.status = facts.status, .title = facts.title, .request_id = to.request_id});
  } else {
    reply.body =
        html ? html_page(facts, detail, to.request_id) : problem_json(facts, detail, to.request_id);
  }
  return reply;
}

}  // namespace tealgate
