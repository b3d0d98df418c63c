#include "control/settings_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/suggest.h"
#include "control/cors_reader.h"
#include "control/error_pages_reader.h"
#include "control/scalar_values.h"
#include "http/field_name.h"
#include "http/guard.h"
#include "http/message.h"

namespace tealgate {
namespace {

struct HealthPreset {
  std::string_view name;
  std::string_view path;
  HealthSettings::StatusRange status;
};

// Tomcat's root usually redirects to a login page or to the application's context.
constexpr auto kPresets = std::to_array<HealthPreset>({
    {"spring", "/actuator/health/readiness", {200, 299}},
    {"rails", "/up", {200, 299}},
    {"tomcat", "/", {200, 399}},
    {"node", "/health", {200, 299}},
});

class SettingsReader {
 public:
  SettingsReader(NodeReader& reader, OptionContext context, SettingsRead inherited)
      : reader_(reader), context_(context), read_(std::move(inherited)) {}

  SettingsRead read(const ConfigNode& map) {
    for (const ConfigEntry& entry : map.entries) {
      if (entry.key == "health") read_health(entry.value);
      if (entry.key == "timeouts") read_group(entry.value, "timeouts");
      if (entry.key == "limits") read_group(entry.value, "limits");
      if (entry.key == "retries") read_retries(entry.value);
      if (entry.key == "switch") read_switch(entry.value);
      if (entry.key == "upgrades") read_upgrades(entry.value);
      if (entry.key == "headers")
        read_.headers = read_headers(reader_, entry.value, context_, std::move(read_.headers));
      if (entry.key == "cors")
        read_.cors = read_cors(reader_, entry.value, context_, std::move(read_.cors));
      if (entry.key == "errors")
        read_.values.errors =
            read_error_pages(reader_, entry.value, std::move(read_.values.errors));
    }
    compile(map);
    return std::move(read_);
  }

 private:
  void compile(const ConfigNode& map) {
    read_.values.headers = compile_headers(read_.headers);
    read_.values.cors.reset();
    if (!read_.cors) return;
    for (const auto* fields : {&read_.headers.response.set, &read_.headers.response.add})
      for (const auto& [name, values] : *fields) check_no_cors_field(map, name);
    read_.values.cors.emplace(*read_.cors);
    read_.values.headers.response.remove_all("access-control-");
  }

  // Reported once: where one of the two is said.
  void check_no_cors_field(const ConfigNode& map, const std::string& name) {
    const ConfigEntry* place = map.find("headers") ? map.find("headers") : map.find("cors");
    if (!place || !begins_like(name, "access-control-")) return;
    reader_.findings().error(place->at,
                             fmt::format("headers.response: \"{}\" is written by \"cors\"", name),
                             "leave one of the two out");
  }

  HealthSettings& health() { return read_.values.health; }

  void read_group(const ConfigNode& map, std::string_view label) {
    if (!reader_.is_map(map, label)) return;
    const std::string prefix = fmt::format("{}.", label);
    reader_.check_keys(map, context_, prefix);
    for (const ConfigEntry& entry : map.entries)
      if (const Option* option = find_option(context_, prefix + entry.key))
        reader_.store(entry.value, *option, read_.values);
  }

  void read_retries(const ConfigNode& map) {
    read_group(map, "retries");
    if (const ConfigEntry* on = map.find("on")) read_retry_causes(on->value);
    if (const ConfigEntry* rule = map.find("non_idempotent")) read_repeat_rule(rule->value);
  }

  void read_retry_causes(const ConfigNode& node) {
    RetrySettings& retries = read_.values.retries;
    retries.on_timeout = false;
    retries.on_statuses.clear();
    const std::vector<const ConfigNode*> items = reader_.scalars(node, "retries.on");
    if (items.size() == 1 && items.front()->text == "none") return;
    for (const ConfigNode* item : items) {
      const unsigned status = parse_number(item->text).value_or(0);
      if (item->text == "timeout") {
        retries.on_timeout = true;
      } else if (status >= 500 && status <= 599) {
        retries.on_statuses.push_back(static_cast<int>(status));
      } else {
        reader_.reject(*item, "retries.on",
                       {"is neither timeout nor a status from 500 to 599", ""});
      }
    }
  }

  void read_repeat_rule(const ConfigNode& node) {
    using enum RetrySettings::NonIdempotent;
    const std::optional<std::string> word = reader_.text(node, "retries.non_idempotent");
    if (!word) return;
    RetrySettings& retries = read_.values.retries;
    if (*word == "never") {
      retries.non_idempotent = Never;
    } else if (*word == "keyed") {
      retries.non_idempotent = WithKey;
    } else if (*word == "always") {
      retries.non_idempotent = Always;
    } else {
      reader_.reject(node, "retries.non_idempotent", {"is neither never, keyed nor always", ""});
    }
  }

  void read_upgrades(const ConfigNode& node) {
    const std::vector<const ConfigNode*> items = reader_.scalars(node, "upgrades");
    std::vector<std::string>& upgrades = read_.values.upgrades;
    upgrades.clear();
    if (items.size() == 1 && items.front()->text == "none") return;
    for (const ConfigNode* item : items) {
      const std::string& protocol = item->text;
      if (protocol.empty() || !std::ranges::all_of(protocol, is_protocol_char)) {
        reader_.reject(*item, "upgrades", {"is not the name of a protocol", "such as websocket"});
      } else if (is_http(protocol)) {
        reader_.reject(
            *item, "upgrades",
            {"would hide requests from this proxy", "leave it out; see docs/security.md"});
      } else {
        upgrades.push_back(protocol);
      }
    }
  }

  static bool is_protocol_char(char c) { return is_token_char(c) || c == '/'; }
  static bool is_http(std::string_view protocol) {
    return equals_ignoring_case(protocol, "h2c") || equals_ignoring_case(protocol, "h2") ||
           equals_ignoring_case(protocol.substr(0, 5), "HTTP/");
  }

  void read_switch(const ConfigNode& map) {
    const bool had_errors = reader_.findings().has_errors();
    read_group(map, "switch");
    const ConfigEntry* stream_drain = map.find("stream_drain");
    read_.has_stream_drain = read_.has_stream_drain || stream_drain;
    SwitchSettings& settings = read_.values.switching;
    if (settings.stream_drain >= settings.drain) return;
    if (!read_.has_stream_drain) {
      settings.stream_drain = settings.drain;
    } else if (!had_errors) {
      reader_.findings().error(stream_drain ? stream_drain->value.at : map.at,
                               "switch.stream_drain is shorter than switch.drain",
                               "streams get at least the time that waiting requests get");
    }
  }

  void read_health(const ConfigNode& node) {
    read_.has_health = true;
    if (node.is_map()) {
      read_health_map(node);
    } else if (const std::optional<std::string> word = reader_.text(node, "health")) {
      read_health_word(node, *word);
    }
  }

  void read_health_word(const ConfigNode& node, const std::string& word) {
    const auto preset = std::ranges::find(kPresets, word, &HealthPreset::name);
    if (preset != kPresets.end()) {
      health().kind = HealthSettings::Kind::Http;
      health().path = preset->path;
      health().expect_status = {preset->status};
    } else if (word == "none") {
      health().kind = HealthSettings::Kind::None;
    } else if (word.starts_with('/')) {
      health().kind = HealthSettings::Kind::Http;
      read_path(node, "health");
    } else {
      reader_.reject(node, "health",
                     {"is neither none, a path, a preset nor a map", hint_for(word)});
    }
  }

  static std::string hint_for(const std::string& word) {
    if (word == "tcp") return "leave \"health\" out: a TCP connect is the default";
    if (word == "off" || word == "no" || word == "false") return "did you mean \"none\"?";
    if (word.find("://") != std::string::npos) return "write its path alone, such as /health";
    std::vector<std::string_view> words = {"none"};
    for (const HealthPreset& preset : kPresets) words.push_back(preset.name);
    const std::string near = suggest(word, std::span<const std::string_view>(words));
    if (!near.empty()) return fmt::format("did you mean \"{}\"?", near);
    return "a path begins with /; the presets are spring, rails, tomcat, node";
  }

  void read_health_map(const ConfigNode& map) {
    if (!reader_.is_map(map, "health")) return;
    reader_.check_keys(map, context_, "health.");
    if (health().kind == HealthSettings::Kind::None) health().kind = HealthSettings::Kind::Tcp;
    for (const ConfigEntry& entry : map.entries) {
      const Option* option = find_option(context_, "health." + entry.key);
      if (option && reader_.store(entry.value, *option, read_.values)) continue;
      read_http_key(entry);
    }
    if (health().method == "HEAD" && !health().expect_body.empty())
      reader_.findings().error(map.at, "health.expect.body cannot be met: HEAD has no body",
                               "use method: GET");
  }

  // What only an HTTP check has; so it is one.
  void read_http_key(const ConfigEntry& entry) {
    if (entry.key == "path") {
      read_path(entry.value, "health.path");
    } else if (entry.key == "host") {
      read_host(entry.value);
    } else if (entry.key == "method") {
      read_method(entry.value);
    } else if (entry.key == "expect") {
      read_expect(entry.value);
    } else {
      return;
    }
    health().kind = HealthSettings::Kind::Http;
  }

  void read_path(const ConfigNode& node, std::string_view label) {
    const std::optional<std::string> path = reader_.text(node, label);
    if (!path) return;
    if (!path->starts_with('/'))
      return reader_.reject(node, label, {"does not begin with /", "write \"/" + *path + "\""});
    if (!std::ranges::all_of(*path, [](char c) { return c > ' ' && c < 0x7F && c != '#'; }))
      return reader_.reject(node, label, {"has a character that no path has", ""});
    health().path = *path;
  }

  void read_host(const ConfigNode& node) {
    const std::optional<std::string> host = reader_.text(node, "health.host");
    if (!host) return;
    // A Host may have a port, which a pattern has not.
    std::string name = *host;
    const std::size_t colon = name.rfind(':');
    const bool has_port =
        colon != std::string::npos && !name.ends_with(']') &&
        parse_number(std::string_view(name).substr(colon + 1)).value_or(65536) <= 65535;
    if (has_port) name.resize(colon);
    const ValueResult<std::string> pattern = parse_host_pattern(name);
    if (!pattern || pattern->starts_with('*'))
      return reader_.reject(node, "health.host", {"is not a host name", ""});
    health().host = *host;
  }

  void read_method(const ConfigNode& node) {
    const std::optional<std::string> method = reader_.text(node, "health.method");
    if (!method) return;
    if (*method != "GET" && *method != "HEAD" && *method != "OPTIONS")
      return reader_.reject(node, "health.method", {"is not GET, HEAD or OPTIONS", ""});
    health().method = *method;
  }

  void read_expect(const ConfigNode& map) {
    if (!reader_.is_map(map, "health.expect")) return;
    reader_.check_keys(map, context_, "health.expect.");
    if (const ConfigEntry* status = map.find("status")) read_statuses(status->value);
    const ConfigEntry* body = map.find("body");
    if (!body) return;
    if (const auto text = reader_.text(body->value, "health.expect.body"))
      health().expect_body = *text;
  }

  void read_statuses(const ConfigNode& node) {
    std::vector<HealthSettings::StatusRange> ranges;
    for (const ConfigNode* item : reader_.scalars(node, "health.expect.status")) {
      if (const std::optional<HealthSettings::StatusRange> range = parse_range(item->text)) {
        ranges.push_back(*range);
      } else {
        reader_.reject(*item, "health.expect.status",
                       {"is not a status from 100 to 599", "write 200, 2xx or 200-399"});
      }
    }
    if (!ranges.empty()) health().expect_status = std::move(ranges);
  }

  static std::optional<HealthSettings::StatusRange> parse_range(std::string_view text) {
    if (text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5') {
      const int low = (text[0] - '0') * 100;
      return HealthSettings::StatusRange{low, low + 99};
    }
    const std::size_t dash = text.find('-');
    const unsigned low = parse_number(text.substr(0, dash)).value_or(0);
    const unsigned high =
        dash == std::string_view::npos ? low : parse_number(text.substr(dash + 1)).value_or(0);
    if (low < 100 || high > 599 || low > high) return std::nullopt;
    return HealthSettings::StatusRange{static_cast<int>(low), static_cast<int>(high)};
  }

  NodeReader& reader_;
  OptionContext context_;
  SettingsRead read_;
};

}  // namespace

SettingsRead read_settings(NodeReader& reader, const ConfigNode& map, OptionContext context,
                           SettingsRead inherited) {
  return SettingsReader(reader, context, std::move(inherited)).read(map);
}

}  // namespace tealgate
