#include "http/target.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>
#include <system_error>

namespace tealgate {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte that "%XX" at `at` stands for, or -1 if it is no escape.
int escaped_byte(std::string_view text, std::size_t at) {
  if (text.size() - at < 3) return -1;
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_registered_name(std::string_view name) {
  constexpr std::string_view kOthers = "-._~!$&'()*+,;=";
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (is_alphanumeric(name[at]) || kOthers.find(name[at]) != std::string_view::npos) continue;
    if (name[at] != '%' || escaped_byte(name, at) <= 0x20) return false;
    at += 2;
  }
  return !name.empty();
}

bool is_ip_literal(std::string_view text) {
  if (text.size() < 4 || text.front() != '[' || text.back() != ']') return false;
  char address[INET6_ADDRSTRLEN] = {};
  text = text.substr(1, text.size() - 2);
  if (text.size() >= sizeof address || text.find('\0') != std::string_view::npos) return false;
  std::memcpy(address, text.data(), text.size());
  in6_addr parsed{};
  return inet_pton(AF_INET6, address, &parsed) == 1;
}

bool is_port(std::string_view text) {
  if (text.empty()) return true;
  if (!is_alphanumeric(text.front())) return false;
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, port);
  return result.ec == std::errc() && result.ptr == end;
}

// Whether two authorities name the same, as seen from a scheme with that default port.
bool same_authority(std::string_view a, std::string_view b, std::string_view default_port) {
  const std::string_view host_a = host_of(a);
  const std::string_view host_b = host_of(b);
  std::string_view port_a = a.substr(host_a.size());
  std::string_view port_b = b.substr(host_b.size());
  if (port_a.size() <= 1) port_a = default_port;
  if (port_b.size() <= 1) port_b = default_port;
  return equals_ignoring_case(host_a, host_b) && port_a == port_b;
}

// Servers fail on, or cut the path at, such escapes in several ways.
bool has_bad_escape(std::string_view path) {
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    if (escaped_byte(path, at) <= 0) return true;
  }
  return false;
}

HeadFault read_path_and_query(std::string_view text, RequestHead& head) {
  const std::size_t mark = text.find('?');
  head.path = text.substr(0, mark);
  head.query = mark == std::string_view::npos ? std::string_view() : text.substr(mark + 1);
  if (text.find('#') != std::string_view::npos) {
    return {Failure::BadRequest, "a fragment in the request target"};
  }
  if (has_bad_escape(head.path)) {
    return {Failure::BadRequest, "a malformed escape in the request target"};
  }
  if (head.path.empty()) head.path = head.method == "OPTIONS" && text.empty() ? "*" : "/";
  return {};
}

HeadFault read_absolute_form(bool has_host, std::string_view host, RequestHead& head) {
  constexpr std::string_view kHttp = "http://";
  constexpr std::string_view kHttps = "https://";
  const std::string_view target = head.target;
  const bool is_http = equals_ignoring_case(target.substr(0, kHttp.size()), kHttp);
  const bool is_https = equals_ignoring_case(target.substr(0, kHttps.size()), kHttps);
  if (!is_http && !is_https) return {Failure::BadRequest, "a malformed request target"};
  const std::string_view rest = target.substr(is_http ? kHttp.size() : kHttps.size());
  head.authority = rest.substr(0, rest.find_first_of("/?#"));
  if (!is_authority(head.authority)) {
    return {Failure::BadRequest, "a malformed authority in the request target"};
  }
  if (has_host && !same_authority(head.authority, host, is_http ? ":80" : ":443")) {
    return {Failure::BadRequest, "a request target that contradicts Host"};
  }
  return read_path_and_query(rest.substr(head.authority.size()), head);
}

// `path` with every escape resolved that stands for a visible character or a slash, and without
// path parameters.
std::string unescaped(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  bool in_parameter = false;
  for (std::size_t at = 0; at < path.size(); ++at) {
    char c = path[at];
    const int byte = c == '%' ? escaped_byte(path, at) : -1;
    const bool resolves = byte > 0x20 && byte < 0x7f && byte != '%';
    if (c == ';') in_parameter = true;
    if (resolves) c = static_cast<char>(byte);
    if (c == '/' || c == '\\') in_parameter = false;
    if (!in_parameter) {
      if (byte >= 0 && !resolves) {
        constexpr char kHex[] = "0123456789ABCDEF";
        out += {'%', kHex[byte >> 4], kHex[byte & 15]};
      } else {
        out += c == '\\' ? '/' : c;
      }
    }
    if (byte >= 0) at += 2;
  }
  return out;
}

HeadFault read_any_form(unsigned host_fields, std::string_view host, RequestHead& head) {
  if (host_fields > 1) return {Failure::BadRequest, "two Host fields"};
  const bool has_host = host_fields == 1;
  if (!has_host && head.minor_version >= 1) return {Failure::BadRequest, "no Host field"};
  if (has_host && !is_authority(host)) return {Failure::BadRequest, "a malformed Host"};
  head.authority = host;
  head.query = {};
  if (head.target.starts_with('/')) return read_path_and_query(head.target, head);
  if (head.target == "*") {
    if (head.method != "OPTIONS") return {Failure::BadRequest, "a target * without OPTIONS"};
    head.path = head.target;
    return {};
  }
  return read_absolute_form(has_host, host, head);
}

}  // namespace

HeadFault read_target(unsigned host_fields, std::string_view host, RequestHead& head) {
  const HeadFault fault = read_any_form(host_fields, host, head);
  if (fault) head.path = head.query = head.authority = {};
  return fault;
}

bool is_authority(std::string_view text) {
  const std::string_view host = host_of(text);
  const std::string_view port = text.substr(host.size());
  if (!port.empty() && (port.front() != ':' || !is_port(port.substr(1)))) return false;
  return host.starts_with('[') ? is_ip_literal(host) : is_registered_name(host);
}

std::string_view host_of(std::string_view authority) {
  const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == std::string_view::npos) return authority;
  const std::size_t colon = authority.find(':', bracket);
  return authority.substr(0, colon);
}

std::string normalised_path(std::string_view path) {
  const std::string text = unescaped(path);
  if (!text.starts_with('/')) return text;
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = at + 1;  // text[at] is a slash
    const std::size_t end = std::min(text.find('/', begin), text.size());
    const std::string_view segment = std::string_view(text).substr(begin, end - begin);
    const bool is_last = end == text.size();
    if (segment == "..") {
      const std::size_t parent = out.rfind('/');
      out.resize(parent == std::string::npos ? 0 : parent);
    } else if (!segment.empty() && segment != ".") {
      out.append(1, '/').append(segment);
      at = end;
      continue;
    }
    if (is_last) out += '/';
    at = end;
  }
  return out;
}

bool is_normal_path(std::string_view path) {
  char previous = 0;
  for (const char c : path) {
    if (c == '%' || c == ';' || c == '\\') return false;
    if (previous == '/' && (c == '/' || c == '.')) return false;
    previous = c;
  }
  return true;
}

}  // namespace tealgate
