#include "http/forwarded_field.h"

#include "http/field_list.h"
#include "http/field_name.h"

namespace tealgate {

namespace {

// A token as it is, all else quoted (RFC 9110 5.6.4).
void append_value(std::string& out, std::string_view text) {
  if (is_field_name(text)) {
    out.append(text);
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

// RFC 7239 6: what is no address is "unknown".
void append_node(std::string& out, std::string_view text) {
  out.append("for=");
  const Result<SocketAddress> address = parse_forwarded_address(text);
  if (!address) {
    out.append("unknown");
    return;
  }
  const std::string host = address->host();
  append_value(out, host.find(':') == std::string::npos ? host : "[" + host + "]");
}

void append_pair(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out.append(name);
  append_value(out, value);
}

// The elements that X-Forwarded-* of a trusted peer amount to; its host and scheme are those that
// the first hop saw.
void append_told_by_habit(std::string& out, const RequestHead& head) {
  bool is_first = true;
  for (const Field& field : head.fields) {
    if (!folds_to(field.name, "x-forwarded-for")) continue;
    for (std::string_view list = field.value; !list.empty();) {
      append_node(out, take_item(list));
      if (is_first) {
        std::string_view protos = head.field("X-Forwarded-Proto");
        append_pair(out, ";host=", head.field("X-Forwarded-Host"));
        append_pair(out, ";proto=", take_item(protos));
        is_first = false;
      }
      out.append(", ");
    }
  }
}

bool append_told(std::string& out, const RequestHead& head) {
  bool was_told = false;
  for (const Field& field : head.fields) {
    if (!folds_to(field.name, "forwarded") || field.value.empty()) continue;
    out.append(field.value).append(", ");
    was_told = true;
  }
  return was_told;
}

}  // namespace

Result<SocketAddress> parse_forwarded_address(std::string_view text) {
  constexpr auto kEmpty = SocketAddress::EmptyHost::Any;
  if (text.empty() || text.front() == ':') {
    if (!text.starts_with("::")) return error("not an address");
  }
  const bool is_bare_ipv6 = text.find(':') != text.rfind(':') && text.front() != '[';
  std::string written(text);
  if (is_bare_ipv6) written = "[" + written + "]";
  const bool has_port =
      !is_bare_ipv6 && written.back() != ']' && written.find(':') != std::string::npos;
  if (!has_port) written += ":1";
  return SocketAddress::parse(written, kEmpty);
}

void append_forwarded_field(std::string& out, const RequestHead& head, const ForwardedFrom& from) {
  out.append("Forwarded: ");
  if (from.peer_is_trusted && !append_told(out, head)) append_told_by_habit(out, head);
  append_node(out, from.host);
  append_pair(out, ";host=", head.authority);
  append_pair(out, ";proto=", from.scheme);
  out.append("\r\n");
}

}  // namespace tealgate
