// A request that we take and pass on must be read as the same request again: same target, same
// body, one Host, and no field by which its framing could be read differently.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http/forwarding.h"
#include "http/h1_parser.h"

using namespace tealgate;

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

int count(const Head& head, std::string_view name) {
  int found = 0;
  for (const Field& field : head.fields) found += equals_ignoring_case(field.name, name);
  return found;
}

ForwardedFrom from(bool trusted) {
  return {.host = "192.0.2.1", .peer_is_trusted = trusted};
}

void check_request(std::string_view text, bool trusted) {
  const HeadLimits wide{.head_bytes = 1 << 20, .target_bytes = 1 << 19, .fields = 1000};
  H1Parser parser(H1Parser::Role::Requests, wide);
  RequestHead head;
  if (parser.parse_request_head(text, head).outcome != H1Parser::HeadStep::Outcome::Complete)
    return;
  static const std::vector<AddressBlock> networks = {*AddressBlock::parse("10.0.0.0/8")};
  client_address(head, from(trusted), networks);
  std::string sent;
  append_upstream_request(sent, head, from(trusted), {.request_id = request_id(head)});
  if (head.authority.empty()) return;  // from HTTP/1.0: no Host to send
  H1Parser second(H1Parser::Role::Requests, wide);
  RequestHead again;
  const auto step = second.parse_request_head(sent, again);
  demand(step.outcome == H1Parser::HeadStep::Outcome::Complete && step.consumed == sent.size());
  demand(again.method == head.method && again.path == head.path && again.query == head.query);
  demand(again.authority == head.authority);
  demand(again.framing.kind == head.framing.kind && again.framing.length == head.framing.length);
  demand(count(again, "Host") == 1 && count(again, "Upgrade") == 0);
  demand(count(again, "X-Request-Id") == 1 && count(again, "X-Forwarded-For") == 1);
}

void check_response(std::string_view text, std::string_view method) {
  H1Parser parser(H1Parser::Role::Responses);
  ResponseHead head;
  const auto step = parser.parse_response_head(text, method, head);
  if (step.outcome != H1Parser::HeadStep::Outcome::Complete) return;
  std::string sent = "HTTP/1.1 200 OK\r\n";
  append_client_fields(sent, head, "id");
  sent += "\r\n";
  H1Parser second(H1Parser::Role::Responses, {.head_bytes = 1 << 20, .fields = 1000});
  ResponseHead again;
  demand(second.parse_response_head(sent, "HEAD", again).outcome ==
         H1Parser::HeadStep::Outcome::Complete);
  demand(count(again, "Connection") == 0 && count(again, "Transfer-Encoding") == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_request(text, (data[0] & 1) != 0);
  check_response(text, (data[0] & 2) != 0 ? "HEAD" : "GET");
  return 0;
}
