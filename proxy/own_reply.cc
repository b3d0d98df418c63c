#include "proxy/own_reply.h"

#include <fmt/core.h>

#include "http/forwarding.h"
#include "http/h1_writer.h"

namespace tealgate {

LocalReply own_error(const Asked& asked, Failure failure, std::string_view detail) {
  LocalReply reply = error_reply(failure, detail,
                                 {.accept = asked.head.field("Accept"),
                                  .request_id = asked.request_id,
                                  .pages = asked.settings ? &asked.settings->errors : nullptr});
  if (asked.settings && asked.settings->cors) {
    asked.settings->cors->append_answer_fields(reply.fields, asked.head.field("Origin"));
  }
  return reply;
}

LocalReply redirect_reply(const Asked& asked, std::uint16_t port) {
  std::string_view host = asked.head.authority;
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    host = host.substr(0, colon);
  }
  std::string location = fmt::format("https://{}", host);
  if (port != 443) location += fmt::format(":{}", port);
  location += origin_form(asked.head);
  LocalReply reply;
  reply.status = 308;
  append_field(reply.fields, "Location", location);
  append_field(reply.fields, "X-Request-Id", asked.request_id);
  return reply;
}

LocalReply preflight_reply(const Asked& asked) {
  LocalReply reply;
  reply.status = 204;
  asked.settings->cors->append_preflight_fields(reply.fields, asked.head.field("Origin"));
  append_field(reply.fields, "X-Request-Id", asked.request_id);
  return reply;
}

}  // namespace tealgate
