#include "control/cors_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/field_name.h"
#include "http/target.h"

namespace tealgate {
namespace {

constexpr std::string_view kDefaultPorts[][2] = {{"http", "80"}, {"https", "443"}};

// An origin as browsers send it (RFC 6454 6.2): in lower case, without a default port. Empty: fine.
ValueError why_no_origin(std::string_view text) {
  if (text == "null") {
    return {"is what many a browser sends for files and sandboxes: nobody in particular", ""};
  }
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) {
    return {"is not an origin", "write it with its scheme: https://app.example.com"};
  }
  const std::string_view scheme = text.substr(0, colon);
  const std::string_view authority = text.substr(colon + 3);
  if (const std::size_t path = authority.find_first_of("/?#"); path != std::string_view::npos) {
    return {"has a path, and an origin has none",
            fmt::format("did you mean \"{}\"?", text.substr(0, colon + 3 + path))};
  }
  if (!is_field_name(scheme) || authority.find('*') != std::string_view::npos ||
      !is_authority(authority)) {
    return {"is not an origin", "every name is written out; \"*\" alone is any origin"};
  }
  for (const auto& [known, port] : kDefaultPorts) {
    if (scheme == known && authority.ends_with(fmt::format(":{}", port))) {
      const std::string_view bare = text.substr(0, text.rfind(':'));
      return {"has its scheme's own port, which browsers leave out",
              fmt::format("did you mean \"{}\"?", bare)};
    }
  }
  return {};
}

std::string lowered(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  return lower;
}

class CorsReader {
 public:
  CorsReader(NodeReader& reader, OptionContext context, CorsPolicy::Terms inherited)
      : reader_(reader), context_(context), terms_(std::move(inherited)) {}

  CorsPolicy::Terms read(const ConfigNode& map) {
    const bool had_errors = reader_.findings().has_errors();
    reader_.check_keys(map, context_, "cors.");
    for (const ConfigEntry& entry : map.entries) read_key(entry);
    if (!had_errors && !reader_.findings().has_errors()) check(map);
    return std::move(terms_);
  }

 private:
  void read_key(const ConfigEntry& entry) {
    if (entry.key == "origins") read_origins(entry.value);
    if (entry.key == "methods") terms_.methods = tokens(entry.value, "cors.methods");
    if (entry.key == "headers") terms_.headers = tokens(entry.value, "cors.headers");
    if (entry.key == "expose") terms_.expose = tokens(entry.value, "cors.expose");
    if (entry.key == "credentials")
      terms_.credentials = reader_.flag(entry.value, "cors.credentials").value_or(false);
    if (entry.key != "max_age") return;
    const Option& option = *find_option(context_, "cors.max_age");
    if (const auto age = reader_.duration(entry.value, option))
      terms_.max_age = std::chrono::duration_cast<std::chrono::seconds>(*age);
  }

  void read_origins(const ConfigNode& node) {
    terms_.origins.clear();
    for (const ConfigNode* item : reader_.scalars(node, "cors.origins")) {
      const std::string origin = lowered(item->text);
      const ValueError why = origin == "*" ? ValueError{} : why_no_origin(origin);
      if (why.message.empty()) {
        terms_.origins.push_back(origin);
      } else {
        reader_.reject(*item, "cors.origins", why);
      }
    }
  }

  std::vector<std::string> tokens(const ConfigNode& node, std::string_view label) {
    std::vector<std::string> read;
    for (const ConfigNode* item : reader_.scalars(node, label)) {
      if (is_field_name(item->text)) {
        read.push_back(item->text);
      } else {
        reader_.reject(*item, label, {"is not a name", "write a list: [GET, PUT]"});
      }
    }
    return read;
  }

  void check(const ConfigNode& map) {
    if (terms_.origins.empty()) {
      reader_.findings().error(
          map.at, "cors has no \"origins\"",
          "add origins: [https://app.example.com], or write cors: passthrough");
    }
    const auto is_any = [](const std::vector<std::string>& list) {
      return std::ranges::find(list, "*") != list.end();
    };
    if (is_any(terms_.origins) && terms_.origins.size() > 1) {
      reader_.findings().error(map.at, "cors.origins has \"*\" beside others",
                               "\"*\" is every origin: let it stand alone");
    }
    const bool has_any = is_any(terms_.origins) || is_any(terms_.methods) ||
                         is_any(terms_.headers) || is_any(terms_.expose);
    if (terms_.credentials && has_any) {
      reader_.findings().error(map.at, "cors: \"*\" cannot be combined with credentials",
                               "browsers refuse it: name each origin, method and header");
    }
  }

  NodeReader& reader_;
  OptionContext context_;
  CorsPolicy::Terms terms_;
};

}  // namespace

std::optional<CorsPolicy::Terms> read_cors(NodeReader& reader, const ConfigNode& node,
                                           OptionContext context,
                                           std::optional<CorsPolicy::Terms> inherited) {
  if (node.is_map()) {
    if (!reader.is_map(node, "cors")) return inherited;
    return CorsReader(reader, context, inherited.value_or(CorsPolicy::Terms{})).read(node);
  }
  const std::optional<std::string> word = reader.text(node, "cors");
  if (!word) return inherited;
  if (*word != "passthrough") {
    reader.reject(node, "cors",
                  {"is neither passthrough nor a map", "write cors: { origins: [https://…] }"});
  }
  return std::nullopt;
}

}  // namespace tealgate
