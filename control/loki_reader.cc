#include "control/loki_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/pool_tls_reader.h"
#include "control/scalar_values.h"
#include "control/tls_reader.h"

namespace tealgate {
namespace {

constexpr std::string_view kPushPath = "/loki/api/v1/push";
constexpr std::size_t kLargestSecret = std::size_t{16} * 1024;
constexpr std::size_t kMostLabels = 12;  // Loki takes 15, three of which are ours
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestValue = 256;
constexpr std::size_t kLongestTenant = 150;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// What Loki takes as a label's name; names that begin with __ are its own.
bool is_label_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && !is_digit(name[0]) &&
         !name.starts_with("__") &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

bool is_ours(std::string_view name) {
  return name == "service" || name == "pool" || name == "stream";
}

bool is_tenant(std::string_view text) {
  return text.size() <= kLongestTenant && text != "." && text != ".." &&
         std::ranges::all_of(text, [](char c) {
           return is_letter(c) || is_digit(c) ||
                  std::string_view("!-_.*'()").find(c) != std::string_view::npos;
         });
}

bool is_visible(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

// The host with its port, if it is one that could be: names are looked up at each push.
bool is_host(std::string_view authority) {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (has_port) {
    const unsigned port = parse_number(authority.substr(colon + 1)).value_or(0);
    if (port == 0 || port > 65535) return false;
  }
  const std::string_view host = authority.substr(0, has_port ? colon : authority.size());
  return !host.empty() && (host.starts_with('[') == host.ends_with(']')) &&
         (host.starts_with('[') || host.find(':') == std::string_view::npos);
}

class LokiReader {
 public:
  explicit LokiReader(NodeReader& reader) : reader_(reader) {}

  std::optional<LokiSettings> read(const ConfigNode& map) {
    const std::size_t errors = reader_.findings().errors();
    if (!reader_.is_map(map, "logs.loki")) return std::nullopt;
    const auto meant = reader_.check_keys(map, OptionContext::File, "logs.loki.");
    if (!map.find("url") && !map.is_incomplete && std::ranges::find(meant, "url") == meant.end())
      reader_.findings().error(map.at, "logs.loki has no \"url\"",
                               "add url: http://loki.example.com:3100");
    for (const ConfigEntry& entry : map.entries) {
      if (!entry.is_bad_key && !entry.is_repeated) read_key(entry);
    }
    check_who(map);
    if (errors != reader_.findings().errors() || settings_.url.empty()) return std::nullopt;
    return std::move(settings_);
  }

 private:
  void read_key(const ConfigEntry& entry) {
    const ConfigNode& node = entry.value;
    if (entry.key == "url") read_url(node);
    if (entry.key == "tenant") read_tenant(node);
    if (entry.key == "labels") read_labels(node);
    if (entry.key == "username") read_username(node);
    if (entry.key == "password_file") settings_.password = secret(node, "logs.loki.password_file");
    if (entry.key == "token_file") settings_.token = secret(node, "logs.loki.token_file");
    if (entry.key == "ca") read_authorities(node);
    if (entry.key != "queue") return;
    const Option& queue = *find_option(OptionContext::File, "logs.loki.queue");
    settings_.queue_bytes = reader_.size(node, queue).value_or(settings_.queue_bytes);
  }

  void read_url(const ConfigNode& node) {
    const std::optional<std::string> text = reader_.text(node, "logs.loki.url");
    if (!text) return;
    const std::size_t begin = text->starts_with("https://")  ? 8
                              : text->starts_with("http://") ? 7
                                                             : std::string::npos;
    if (begin == std::string::npos)
      return reader_.reject(node, "logs.loki.url",
                            {"begins with neither http:// nor https://", ""});
    const std::size_t slash = std::min(text->find('/', begin), text->size());
    const std::string_view host = std::string_view(*text).substr(begin, slash - begin);
    if (host.find('@') != std::string_view::npos)
      return reader_.findings().error(node.at, "logs.loki.url has a name or a password in it",
                                      "use username and password_file");
    if (!is_visible(*text) || !is_host(host) || text->find_first_of("?#") != std::string::npos)
      return reader_.reject(node, "logs.loki.url",
                            {"is not an address of Loki", "such as http://loki.example.com:3100"});
    const bool has_path = slash + 1 < text->size();
    settings_.url = has_path ? *text : text->substr(0, slash) + std::string(kPushPath);
  }

  void read_tenant(const ConfigNode& node) {
    const std::optional<std::string> text = reader_.text(node, "logs.loki.tenant");
    if (!text) return;
    if (!is_tenant(*text))
      return reader_.reject(node, "logs.loki.tenant",
                            {"is not a tenant: letters, digits and !-_.*'(), at most 150", ""});
    settings_.tenant = *text;
  }

  void read_labels(const ConfigNode& map) {
    if (!reader_.is_map(map, "logs.loki.labels")) return;
    if (map.entries.size() > kMostLabels)
      return reader_.findings().error(
          map.at, "logs.loki.labels are more than 12",
          "Loki takes 15 in all; what tells requests apart is no label");
    for (const ConfigEntry& entry : map.entries) {
      if (entry.is_bad_key || entry.is_repeated) continue;
      const bool is_name = is_label_name(entry.key);
      if (is_name && !is_ours(entry.key)) {
        read_label(entry);
        continue;
      }
      reader_.findings().error(
          entry.at,
          fmt::format("logs.loki.labels: \"{}\" {}", entry.key,
                      is_name ? "is set by Tealgate itself" : "is not a label's name"),
          is_name ? "" : "letters, digits and _, not a digit or __ first, at most 64");
    }
  }

  void read_label(const ConfigEntry& entry) {
    const std::string label = "logs.loki.labels." + entry.key;
    const std::optional<std::string> value = reader_.text(entry.value, label);
    if (!value) return;
    if (value->size() > kLongestValue)
      return reader_.reject(entry.value, label, {"is longer than 256 bytes", ""});
    settings_.labels.emplace_back(entry.key, *value);
  }

  void read_username(const ConfigNode& node) {
    const std::optional<std::string> name = reader_.text(node, "logs.loki.username");
    if (!name) return;
    if (!is_visible(*name) || name->find(':') != std::string::npos)
      return reader_.reject(node, "logs.loki.username", {"has a blank or a colon", ""});
    settings_.username = *name;
  }

  // What the file holds, without the line's end.
  std::string secret(const ConfigNode& node, std::string_view label) {
    const std::optional<std::string> path = read_path(reader_, node, std::string(label));
    if (!path) return "";
    Result<std::string> text = reader_.surroundings().content(*path, kLargestSecret);
    if (text) text->erase(text->find_last_not_of(" \r\n\t") + 1);
    if (text && is_visible(*text)) return *text;
    reader_.findings().error(
        node.at,
        fmt::format("{}: {} {}", label, *path,
                    text ? "does not hold one word of visible ASCII alone" : text.error().message));
    return "";
  }

  void read_authorities(const ConfigNode& node) {
    const std::optional<std::string> path = read_path(reader_, node, "logs.loki.ca");
    if (!path) return;
    if (const auto loaded = load_authorities(*path, reader_.surroundings()); !loaded)
      return reader_.findings().error(node.at,
                                      fmt::format("logs.loki.ca: {}", loaded.error().message));
    settings_.ca_file = *path;
  }

  void check_who(const ConfigNode& map) {
    const ConfigEntry* name = map.find("username");
    const ConfigEntry* password = map.find("password_file");
    const ConfigEntry* token = map.find("token_file");
    if (token && (name || password))
      return reader_.findings().error(token->at, "logs.loki has a token and a name or a password",
                                      "leave one of them out");
    if (name && !password && !map.is_incomplete)
      reader_.findings().error(name->at, "logs.loki.username is without a password",
                               "add password_file");
    if (password && !name && !map.is_incomplete)
      reader_.findings().error(password->at, "logs.loki.password_file is without a name",
                               "add username");
  }

  NodeReader& reader_;
  LokiSettings settings_;
};

}  // namespace

std::optional<LokiSettings> read_loki(NodeReader& reader, const ConfigNode& map) {
  return LokiReader(reader).read(map);
}

}  // namespace tealgate
