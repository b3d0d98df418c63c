#include "control/network_values.h"

#include <algorithm>
#include <optional>

#include "control/scalar_values.h"

namespace tealgate {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}
bool is_visible(char c) {
  return c > ' ' && c < 0x7F;
}

tl::unexpected<ValueError> wrong(std::string message, std::string hint = {}) {
  return tl::make_unexpected(ValueError{std::move(message), std::move(hint)});
}

struct HostAndPort {
  std::string_view host;
  std::string_view port;
};

// What people write instead of an address.
std::optional<ValueError> recognise_mistake(std::string_view text) {
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    const std::string_view rest = text.substr(scheme + 3);
    return ValueError{"is a URL, not an address",
                      fmt::format("write \"{}\"", rest.substr(0, rest.find('/')))};
  }
  if (text.starts_with('/') || text.starts_with("unix:"))
    return ValueError{"is a path: servers and listeners have TCP addresses only", ""};
  if (text.find_first_of(" ,;") != std::string_view::npos)
    return ValueError{"is more than one address", "write a list: [a:80, b:80]"};
  if (!std::ranges::all_of(text, is_visible)) return ValueError{"is not an address", ""};
  if (std::ranges::all_of(text, is_digit))
    return ValueError{"is a port without its colon", fmt::format("write \":{}\"", text)};
  if (text.find('/') != std::string_view::npos)
    return ValueError{"has a path: an address is HOST:PORT", ""};
  if (!text.starts_with('[') && std::ranges::count(text, ':') > 1)
    return ValueError{"is an IPv6 address without brackets", "write \"[::1]:80\", with quotes"};
  return std::nullopt;
}

ValueResult<HostAndPort> split_address(std::string_view text) {
  if (std::optional<ValueError> mistake = recognise_mistake(text))
    return tl::make_unexpected(*std::move(mistake));
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.ends_with(']'))
    return wrong("has no port", fmt::format("write \"{}:80\"", text));
  const HostAndPort parts{text.substr(0, colon), text.substr(colon + 1)};
  if (const Result<unsigned> port = parse_number(parts.port); !port)
    return wrong("has a port that " + port.error().message);
  else if (*port > 65535)
    return wrong("has a port above 65535");
  return parts;
}

bool is_numeric(std::string_view host) {
  return host.starts_with('[') ||
         std::ranges::all_of(host, [](char c) { return is_digit(c) || c == '.'; });
}

}  // namespace

ValueResult<SocketAddress> parse_listen_address(std::string_view text) {
  const ValueResult<HostAndPort> parts = split_address(text);
  if (!parts) return tl::make_unexpected(parts.error());
  if (parts->host == "*")
    return wrong("has a *", fmt::format("write \":{}\": it is every interface", parts->port));
  if (!is_numeric(parts->host))
    return wrong("names a host: listen on an IP address",
                 fmt::format("write \":{0}\" or \"127.0.0.1:{0}\"", parts->port));
  const Result<SocketAddress> address = SocketAddress::parse(text, SocketAddress::EmptyHost::Any);
  if (!address) return wrong("is not an IP address with a port");
  return *address;
}

ValueResult<SocketAddress> parse_server_address(std::string_view text,
                                                const ConfigSurroundings& surroundings) {
  const ValueResult<HostAndPort> parts = split_address(text);
  if (!parts) return tl::make_unexpected(parts.error());
  if (parts->port == "0") return wrong("has port 0: a server has a real one");
  if (is_numeric(parts->host)) {
    const Result<SocketAddress> address =
        SocketAddress::parse(text, SocketAddress::EmptyHost::Loopback);
    if (!address) return wrong("is not an IP address with a port");
    return *address;
  }
  if (!std::ranges::all_of(parts->host, [](char c) { return is_word(c) || c == '.'; }))
    return wrong("has a character that no host name has");
  const Result<SocketAddress> address = surroundings.resolve(text);
  if (!address)
    return wrong("cannot be resolved", "does the name exist? an IP address needs no resolver");
  return *address;
}

ValueResult<std::string> parse_host_pattern(std::string_view text) {
  if (text.find("://") != std::string_view::npos) return wrong("is a URL", "write the host alone");
  if (text == "*") return wrong("is not a host", "leave \"hosts\" out for any host");
  std::string host(text);
  std::ranges::transform(host, host.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (host.ends_with('.')) host.pop_back();
  if (host.starts_with('[') && host.ends_with(']')) {
    if (!SocketAddress::parse(host + ":80", SocketAddress::EmptyHost::Any))
      return wrong("is not an IPv6 address");
    return host;
  }
  if (host.find(':') != std::string::npos)
    return wrong("has a port", "hosts are matched without their port: leave it out");
  if (host.find('/') != std::string::npos) return wrong("has a path", "paths go into \"paths\"");
  const std::string_view name = std::string_view(host).substr(host.starts_with("*.") ? 2 : 0);
  if (name.find('*') != std::string_view::npos)
    return wrong("has a * that does not stand for whole names", "write \"*.example.com\"");
  if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
    return wrong("is not in ASCII", "write it in its xn-- form, as browsers send it");
  if (name.empty() || name.size() > 253 || name.starts_with('.') || name.ends_with('.') ||
      name.find("..") != std::string_view::npos ||
      !std::ranges::all_of(name, [](char c) { return is_word(c) || c == '.'; }))
    return wrong("is not a host name");
  return host;
}

ValueResult<std::string> parse_path_prefix(std::string_view text) {
  if (!text.starts_with('/'))
    return wrong("does not begin with /", fmt::format("write \"/{}\"", text));
  if (text.ends_with('*'))
    return wrong("ends with *", "a path is a prefix already: leave the * out");
  if (text.find_first_of("?#") != std::string_view::npos)
    return wrong("has a ? or #: a prefix is matched against the path alone");
  if (!std::ranges::all_of(text, is_visible)) return wrong("has a character that no path has");
  std::string path(text);
  if (path.ends_with('/')) path.pop_back();
  const std::string closed = path + "/";
  if (closed.find("//") != std::string::npos || closed.find("/./") != std::string::npos ||
      closed.find("/../") != std::string::npos)
    return wrong("is not a normal path", "leave out //, /./ and /../");
  return path;
}

}  // namespace tealgate
