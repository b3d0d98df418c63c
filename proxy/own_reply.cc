#include "proxy/own_reply.h"

#include <fmt/core.h>

#include "http/forwarding.h"
#include "http/h1_writer.h"
#include "http/target.h"

namespace tealgate {

namespace {

// There is nothing to remove: a reply of ours has only what it needs.
void append_rules(LocalReply& reply, const ServiceSettings& settings) {
  reply.fields.append(settings.headers.response.lines_for_own_replies());
}

// The service to which the request would have belonged, as far as could be told; null: unknown.
const Service* service_of(const Snapshot& snapshot, const RequestHead& head) {
  if (head.path.empty()) return snapshot.sole_service();
  const Service* service = snapshot.routes.find(head.authority, head.path);
  const bool is_certain =
      is_normal_path(head.path) ||
      snapshot.routes.find(head.authority, normalised_path(head.path)) == service;
  return is_certain ? service : nullptr;
}

}  // namespace

LocalReply own_error(const Asked& asked, Failure failure, std::string_view detail) {
  const ServiceSettings& settings = asked.settings;
  LocalReply reply = error_reply(failure, detail,
                                 {.accept = asked.head.field("Accept"),
                                  .request_id = asked.request_id,
                                  .pages = &settings.errors});
  append_rules(reply, settings);
  if (settings.cors) settings.cors->append_answer_fields(reply.fields, asked.head.field("Origin"));
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

LocalReply refusal(const Snapshot& snapshot, const RequestHead& head,
                   const RefusedRequest& refused) {
  const Service* service = service_of(snapshot, head);
  const ServiceSettings& settings = service ? *service->settings : *snapshot.unrouted;
  return own_error({head, refused.request_id, settings}, refused.failure, refused.detail);
}

LocalReply preflight_reply(const Asked& asked) {
  LocalReply reply;
  reply.status = 204;
  append_field(reply.fields, "X-Request-Id", asked.request_id);
  append_rules(reply, asked.settings);
  asked.settings.cors->append_preflight_fields(reply.fields, asked.head.field("Origin"));
  return reply;
}

}  // namespace tealgate
