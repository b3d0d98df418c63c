#include "http/forwarding.h"

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <ctime>

#include "http/field_list.h"
#include "http/field_name.h"
#include "http/forwarded_field.h"
#include "http/h1_writer.h"
#include "http/upgrade.h"

namespace tealgate {

namespace {

// Fields by which a proxy tells where a request came from.
bool tells_origin(std::string_view name) {
  return begins_like(name, "x-forwarded-") || folds_to(name, "forwarded") ||
         folds_to(name, "x-real-ip");
}

// The options of all Connection fields but the usual two, which name no field.
class ConnectionOptions {
 public:
  explicit ConnectionOptions(const Head& head) : head_(head) {
    for (const Field& field : head.fields) {
      if (field.name.size() != kName.size() || !folds_to(field.name, kName)) continue;
      const bool is_usual = equals_ignoring_case(field.value, "keep-alive") ||
                            equals_ignoring_case(field.value, "close");
      if (!is_usual) names_fields_ = true;
    }
  }

  bool names(std::string_view field) const {
    return names_fields_ && head_.field_has_token(kName, field);
  }

 private:
  static constexpr std::string_view kName = "connection";
  const Head& head_;
  bool names_fields_ = false;
};

bool is_in(const std::vector<AddressBlock>& blocks, const SocketAddress& address) {
  for (const AddressBlock& block : blocks) {
    if (block.contains(address)) return true;
  }
  return false;
}

bool is_visible(std::string_view text) {
  for (const char c : text) {
    if (c <= 0x20 || c >= 0x7f) return false;
  }
  return true;
}

// splitmix64; unique enough for ids, and not secret.
std::uint64_t next_random() {
  thread_local std::uint64_t state = [] {
    std::uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof seed)) {
      seed =
          reinterpret_cast<std::uintptr_t>(&seed) ^ static_cast<std::uint64_t>(std::time(nullptr));
    }
    return seed;
  }();
  std::uint64_t mixed = state += 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

// X-Forwarded-For: what a trusted peer says, and the peer.
void append_forwarded_for(std::string& out, const RequestHead& head, const ForwardedFrom& from) {
  out.append("X-Forwarded-For: ");
  if (from.peer_is_trusted) {
    for (const Field& field : head.fields) {
      if (!folds_to(field.name, "x-forwarded-for") || field.value.empty()) continue;
      out.append(field.value).append(", ");
    }
  }
  out.append(from.host).append("\r\n");
}

bool takes_out(const HeaderRules* rules, std::string_view name) {
  return rules && rules->takes_out(name);
}

void append_forwarded(std::string& out, const RequestHead& head, const ForwardedFrom& from,
                      const ForwardedAs& as) {
  std::string_view scheme = from.scheme;
  std::string_view host = head.authority;
  if (from.peer_is_trusted) {
    if (const auto told = head.field("X-Forwarded-Proto"); !told.empty()) scheme = told;
    if (const auto told = head.field("X-Forwarded-Host"); !told.empty()) host = told;
  }
  append_forwarded_for(out, head, from);
  if (!takes_out(as.rules, "x-forwarded-proto")) append_field(out, "X-Forwarded-Proto", scheme);
  if (!host.empty() && !takes_out(as.rules, "x-forwarded-host")) {
    append_field(out, "X-Forwarded-Host", host);
  }
  if (!from.client_name.empty()) append_field(out, "X-Forwarded-Client-Name", from.client_name);
  if (as.sends_forwarded) append_forwarded_field(out, head, from);
}

// Whether we write this field ourselves, or leave it out on the way up.
bool is_ours_upwards(std::string_view name, const ForwardedFrom& from) {
  if (is_hop_by_hop(name)) return true;
  switch (name.size()) {
    case 4:
      return folds_to(name, "host");
    case 12:
      return folds_to(name, "x-request-id");
    case 15:
      if (folds_to(name, "x-forwarded-for")) return true;
      break;
    case 16:
      if (folds_to(name, "x-forwarded-host")) return true;
      break;
    case 17:
      if (folds_to(name, "x-forwarded-proto")) return true;
      break;
    default:
      break;
  }
  if (!from.client_name.empty() && folds_to(name, "x-forwarded-client-name")) return true;
  return !from.peer_is_trusted && tells_origin(name);
}

void append_via(std::string& out, std::uint8_t minor_version) {
  append_field(out, "Via", minor_version == 0 ? "1.0 tealgate" : "1.1 tealgate");
}

}  // namespace

std::string client_address(const RequestHead& head, const ForwardedFrom& from,
                           const std::vector<AddressBlock>& trusted) {
  std::string client(from.host);
  if (!from.peer_is_trusted) return client;
  for (std::size_t i = head.fields.size(); i-- > 0;) {
    if (!equals_ignoring_case(head.fields[i].name, "X-Forwarded-For")) continue;
    std::string_view list = head.fields[i].value;
    while (!list.empty()) {
      const std::size_t comma = list.rfind(',');
      const std::size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
      const Result<SocketAddress> hop = parse_forwarded_address(trimmed(list.substr(begin)));
      if (!hop) return client;  // what stands further left was not told by anybody trusted
      client = hop->host();
      if (!is_in(trusted, *hop)) return client;
      list = list.substr(0, comma == std::string_view::npos ? 0 : comma);
    }
  }
  return client;
}

std::string request_id(const RequestHead& head) {
  const std::string_view given = head.field("X-Request-Id");
  if (!given.empty() && given.size() <= 128 && is_visible(given)) return std::string(given);
  std::string id;
  id.resize(32);
  for (std::size_t half = 0; half < 32; half += 16) {
    std::uint64_t bits = next_random();
    for (std::size_t i = 0; i < 16; ++i, bits >>= 4) id[half + i] = "0123456789abcdef"[bits & 15];
  }
  return id;
}

void append_upstream_request(std::string& out, const RequestHead& head, const ForwardedFrom& from,
                             const ForwardedAs& as) {
  const ConnectionOptions connection(head);
  const bool is_origin_form = head.target.starts_with('/') || head.target == "*";
  if (is_origin_form) {
    append_request_line(out, head.method, head.target);
  } else {
    append_request_line(out, head.method, origin_form(head));
  }
  append_field(
      out, "Host",
      as.rules && !as.rules->host().empty() ? std::string_view(as.rules->host()) : head.authority);
  for (const Field& field : head.fields) {
    if (is_ours_upwards(field.name, from) || connection.names(field.name)) continue;
    // We speak 1.1 upwards, but an HTTP/1.0 client understands no 100 (RFC 9110 10.1.1).
    if (head.minor_version == 0 && equals_ignoring_case(field.name, "Expect")) continue;
    if (as.sends_forwarded && folds_to(field.name, "forwarded")) continue;
    if (takes_out(as.rules, field.name)) continue;
    append_field(out, field.name, field.value);
  }
  if (!as.upgrade.empty()) {
    append_upgrade(out, as.upgrade);
  } else if (head.field_has_token("TE", "trailers")) {
    out.append("TE: trailers\r\nConnection: TE\r\n");
  }
  append_framing(out, head.framing);
  append_forwarded(out, head, from, as);
  append_via(out, head.minor_version);
  append_field(out, "X-Request-Id", as.request_id);
  if (as.rules) out.append(as.rules->lines());
  append_end_of_head(out);
}

void append_client_fields(std::string& out, const ResponseHead& head, std::string_view request_id,
                          const HeaderRules* rules) {
  const ConnectionOptions connection(head);
  // Without a body Content-Length frames nothing, and tells what GET would have given (RFC
  // 9110 8.6).
  const bool tells_length =
      head.framing.kind == Framing::Kind::None && head.status >= 200 && head.status != 204;
  for (const Field& field : head.fields) {
    if (is_hop_by_hop(field.name)) {
      if (!tells_length || !equals_ignoring_case(field.name, "Content-Length")) continue;
    } else if (folds_to(field.name, "x-request-id") || connection.names(field.name)) {
      continue;
    }
    if (takes_out(rules, field.name)) continue;
    append_field(out, field.name, field.value);
  }
  append_via(out, head.minor_version);
  append_field(out, "X-Request-Id", request_id);
  if (rules && !head.is_interim()) out.append(rules->lines());
}

std::string origin_form(const RequestHead& head) {
  const std::string_view target = head.target;
  if (target.starts_with('/') || target == "*") return std::string(target);
  const std::size_t begin = target.find_first_of("/?", target.find("//") + 2);
  if (begin == std::string_view::npos) return std::string(head.path);
  return std::string(target[begin] == '/' ? "" : "/").append(target.substr(begin));
}

bool is_hop_by_hop(std::string_view name) {
  switch (name.size()) {
    case 2:
      return folds_to(name, "te");
    case 7:
      return folds_to(name, "trailer") || folds_to(name, "upgrade");
    case 10:
      return folds_to(name, "connection") || folds_to(name, "keep-alive");
    case 14:
      return folds_to(name, "content-length");
    case 16:
      return folds_to(name, "proxy-connection");
    case 17:
      return folds_to(name, "transfer-encoding");
    default:
      return false;
  }
}

}  // namespace tealgate
