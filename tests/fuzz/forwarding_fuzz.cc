// A request that we take and pass on must be read as the same request again: same target, same
// body, one Host, and no field by which its framing could be read differently; whatever rules an
// operator may have been let set.
//
// The first byte chooses: 1 a trusted peer, 2 an answer to HEAD, 4 a rule (then the next two lines
// are its name and value), 24 which change it is, 32 Forwarded, 64 CORS.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http/cors.h"
#include "http/field_name.h"
#include "http/forwarding.h"
#include "http/h1_parser.h"
#include "http/target.h"

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

int count_folded(const Head& head, std::string_view lower) {
  int found = 0;
  for (const Field& field : head.fields) found += folds_to(field.name, lower);
  return found;
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

// One rule, as the config reader lets it through.
struct Rule {
  HeaderRules::Change change = HeaderRules::Change::Set;
  std::string_view name = {};
  std::string_view value = {};

  HeaderRules compiled(HeaderRules::Side side) const {
    HeaderRules rules;
    if (!HeaderRules::why_not(side, change, name).empty()) return rules;
    if (change == HeaderRules::Change::Remove) rules.remove(name);
    if (!is_plain_field_value(value) || value.empty()) return rules;
    const bool is_host = side == HeaderRules::Side::Request && folds_to(name, "host");
    if (is_host && !is_authority(value)) return rules;
    if (change == HeaderRules::Change::Set) rules.set(name, {std::string(value)});
    if (change == HeaderRules::Change::Add) rules.add(name, value);
    return rules;
  }
};

// What rules do to a head that was sent.
void check_rules(const Head& head, const HeaderRules& rules, const Rule& rule) {
  if (rules.is_empty()) return;
  int found = 0;
  for (const Field& field : head.fields) found += equals_ignoring_case(field.name, rule.name);
  if (rule.change == HeaderRules::Change::Set) demand(found == 1);
  if (rule.change == HeaderRules::Change::Add) demand(found >= 1);
  if (rule.change == HeaderRules::Change::Remove) demand(found == 0);
}

ForwardedFrom from(bool trusted) {
  return {.host = "192.0.2.1", .peer_is_trusted = trusted};
}

void check_request(std::string_view text, bool trusted, const Rule& rule, bool forwarded) {
  const HeadLimits wide{.head_bytes = 1 << 20, .target_bytes = 1 << 19, .fields = 1000};
  H1Parser parser(H1Parser::Role::Requests, wide);
  RequestHead head;
  if (parser.parse_request_head(text, head).outcome != H1Parser::HeadStep::Outcome::Complete)
    return;
  static const std::vector<AddressBlock> networks = {*AddressBlock::parse("10.0.0.0/8")};
  client_address(head, from(trusted), networks);
  std::string sent;
  const HeaderRules rules = rule.compiled(HeaderRules::Side::Request);
  append_upstream_request(
      sent, head, from(trusted),
      {.request_id = request_id(head), .rules = &rules, .sends_forwarded = forwarded});
  if (head.authority.empty()) return;  // from HTTP/1.0: no Host to send
  H1Parser second(H1Parser::Role::Requests, wide);
  RequestHead again;
  const auto step = second.parse_request_head(sent, again);
  demand(step.outcome == H1Parser::HeadStep::Outcome::Complete && step.consumed == sent.size());
  demand(again.method == head.method && again.path == head.path && again.query == head.query);
  demand(again.authority == (rules.host().empty() ? head.authority : rules.host()));
  demand(again.framing.kind == head.framing.kind && again.framing.length == head.framing.length);
  demand(count(again, "Host") == 1 && count(again, "Upgrade") == 0);
  demand(count(again, "X-Request-Id") == 1 && count(again, "X-Forwarded-For") == 1);
  if (forwarded) demand(count_folded(again, "forwarded") == 1);
  const bool is_framed = head.framing.kind != Framing::Kind::None;
  demand(count_folded(again, "content-length") + count_folded(again, "transfer-encoding") ==
         (is_framed ? 1 : 0));
  const int te = head.field_has_token("TE", "trailers") ? 1 : 0;
  demand(count_folded(again, "connection") == te && count_folded(again, "te") == te);
  for (const char* name : {"keep-alive", "proxy-connection", "trailer"})
    demand(count_folded(again, name) == 0);
  check_rules(again, rules, rule);
}

void check_cors(const Head& head) {
  demand(count_folded(head, "access-control-allow-origin") == 1);
  for (const Field& field : head.fields) {
    if (folds_to(field.name, "access-control-allow-origin")) demand(field.value == "https://a");
  }
}

void check_response(std::string_view text, std::string_view method, const Rule& rule, bool cors) {
  H1Parser parser(H1Parser::Role::Responses);
  ResponseHead head;
  const auto step = parser.parse_response_head(text, method, head);
  if (step.outcome != H1Parser::HeadStep::Outcome::Complete) return;
  std::string sent = "HTTP/1.1 200 OK\r\n";
  HeaderRules rules = rule.compiled(HeaderRules::Side::Response);
  // The one is refused beside CORS, the other is added to.
  if (begins_like(rule.name, "access-control-") || folds_to(rule.name, "vary")) rules = {};
  const HeaderRules ruled = rules;
  if (cors) rules.remove_all("access-control-");
  append_client_fields(sent, head, "id", &rules);
  CorsPolicy::Terms terms;
  terms.origins = {"https://a"};
  if (cors) CorsPolicy(terms).append_answer_fields(sent, "https://a");
  sent += "\r\n";
  H1Parser second(H1Parser::Role::Responses, {.head_bytes = 1 << 20, .fields = 1000});
  ResponseHead again;
  demand(second.parse_response_head(sent, "HEAD", again).outcome ==
         H1Parser::HeadStep::Outcome::Complete);
  for (const char* name : {"connection", "transfer-encoding", "te", "upgrade", "trailer",
                           "keep-alive", "proxy-connection"})
    demand(count_folded(again, name) == 0);
  if (cors) check_cors(again);
  // A 1xx is given no lines.
  const bool is_complete = !head.is_interim() || rule.change == HeaderRules::Change::Remove;
  if (is_complete) check_rules(again, ruled, rule);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Rule rule;
  if ((data[0] & 4) != 0) {
    constexpr HeaderRules::Change kChanges[] = {HeaderRules::Change::Set, HeaderRules::Change::Add,
                                                HeaderRules::Change::Remove,
                                                HeaderRules::Change::Set};
    rule.change = kChanges[data[0] / 8 % 4];
    rule.name = take_line(text);
    rule.value = take_line(text);
  }
  check_request(text, (data[0] & 1) != 0, rule, (data[0] & 32) != 0);
  check_response(text, (data[0] & 2) != 0 ? "HEAD" : "GET", rule, (data[0] & 64) != 0);
  return 0;
}
