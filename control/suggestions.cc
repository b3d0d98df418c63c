#include "control/suggestions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/suggest.h"

namespace tealgate {
namespace {

// A word of a neighbour, reduced as by reduce(), and our key for it; or, where we have none, what
// to say instead.
struct Neighbour {
  std::string_view word;
  std::string_view key;
  std::string_view note = {};
};

constexpr std::string_view kNoTls =
    "TLS is not there yet: put it in front, see examples/tls-in-front";
constexpr std::string_view kNoBound = "connections per server are not bounded yet";
constexpr std::string_view kDefaultsInstead = "put what services share into \"defaults\"";

constexpr auto kNeighbours = std::to_array<Neighbour>({
    {"bind", "listen"},
    {"listeners", "listen"},
    {"listener", "listen"},
    {"port", "listen"},
    {"ports", "listen"},
    {"entrypoints", "listen"},
    {"addresses", "listen"},
    {"frontend", "listen"},
    {"frontends", "listen"},
    {"listenaddress", "listen"},
    {"workerprocesses", "workers"},
    {"nbthread", "workers"},
    {"nbproc", "workers"},
    {"threads", "workers"},
    {"workerthreads", "workers"},
    {"concurrency", "workers"},
    {"processes", "workers"},
    {"setrealipfrom", "trusted_proxies"},
    {"trustedips", "trusted_proxies"},
    {"realip", "trusted_proxies"},
    {"forwardedheaders", "trusted_proxies"},
    {"trustproxy", "trusted_proxies"},
    {"trustedproxy", "trusted_proxies"},
    {"accesslog", "logs.access"},
    {"log", "logs.access"},
    {"logging", "logs.access"},
    {"access", "logs.access"},
    {"accesslogs", "logs.access"},
    {"adminsocket", "control.socket"},
    {"statssocket", "control.socket"},
    {"socket", "control.socket"},
    {"admin", "control.dashboard"},
    {"api", "control.dashboard"},
    {"stats", "control.dashboard"},
    {"statspage", "control.dashboard"},
    {"dashboardaddress", "control.dashboard"},
    {"statedir", "control.state"},
    {"statepath", "control.state"},
    {"statefile", "control.state"},
    {"datadir", "control.state"},
    {"serverstatefile", "control.state"},
    {"gracefultimeout", "shutdown_grace"},
    {"hardstopafter", "shutdown_grace"},
    {"workershutdowntimeout", "shutdown_grace"},
    {"graceperiod", "shutdown_grace"},
    {"shutdowntimeout", "shutdown_grace"},
    {"grace", "shutdown_grace"},
    {"shutdown", "shutdown_grace"},
    {"apps", "services"},
    {"app", "services"},
    {"sites", "services"},
    {"http", "services"},
    {"routers", "services"},
    {"virtualhosts", "services"},
    {"vhosts", "services"},
    {"upstream", "pools"},
    {"upstreams", "pools"},
    {"backend", "pools"},
    {"backends", "pools"},
    {"servers", "pools"},
    {"server", "pools"},
    {"server", "timeouts.response"},
    {"target", "pools"},
    {"targets", "pools"},
    {"groups", "pools"},
    {"group", "pools"},
    {"clusters", "pools"},
    {"cluster", "pools"},
    {"proxypass", "pools"},
    {"reverseproxy", "pools"},
    {"loadbalancer", "pools"},
    {"targetgroups", "pools"},
    {"colors", "pools"},
    {"colours", "pools"},
    {"nodes", "pools"},
    {"servername", "hosts"},
    {"servernames", "hosts"},
    {"domain", "hosts"},
    {"domains", "hosts"},
    {"hostname", "hosts"},
    {"hostnames", "hosts"},
    {"serveralias", "hosts"},
    {"names", "hosts"},
    {"location", "paths"},
    {"locations", "paths"},
    {"pathprefix", "paths"},
    {"prefix", "paths"},
    {"prefixes", "paths"},
    {"routes", "paths"},
    {"rule", "paths"},
    {"uri", "paths"},
    {"activepool", "initial"},
    {"active", "initial"},
    {"live", "initial"},
    {"path", "paths"},
    {"host", "hosts"},
    {"split", "initial"},
    {"weights", "initial"},
    {"primary", "initial"},
    {"healthcheck", "health"},
    {"healthchecks", "health"},
    {"httpchk", "health"},
    {"optionhttpchk", "health"},
    {"check", "health"},
    {"healthuri", "health.path"},
    {"healthpath", "health.path"},
    {"probe", "health"},
    {"readiness", "health"},
    {"readinessprobe", "health"},
    {"livenessprobe", "health"},
    {"url", "health.path"},
    {"endpoint", "health.path"},
    {"inter", "health.interval"},
    {"every", "health.interval"},
    {"periodseconds", "health.interval"},
    {"healthinterval", "health.interval"},
    {"period", "health.interval"},
    {"checkinterval", "health.interval"},
    {"healthtimeout", "health.timeout"},
    {"checktimeout", "health.timeout"},
    {"maxfails", "health.fall"},
    {"fails", "health.fall"},
    {"failures", "health.fall"},
    {"unhealthythreshold", "health.fall"},
    {"failurethreshold", "health.fall"},
    {"passes", "health.rise"},
    {"healthythreshold", "health.rise"},
    {"successthreshold", "health.rise"},
    {"failtimeout", "health.interval"},
    {"expectstatus", "health.expect.status"},
    {"status", "health.expect.status"},
    {"httpcheckexpect", "health.expect.status"},
    {"statuscode", "health.expect.status"},
    {"match", "health.expect.body"},
    {"expectbody", "health.expect.body"},
    {"body", "health.expect.body"},
    {"contains", "health.expect.body"},
    {"timeout", "timeouts"},
    {"proxyreadtimeout", "timeouts.response"},
    {"timeoutserver", "timeouts.response"},
    {"readtimeout", "timeouts.response"},
    {"responsetimeout", "timeouts.response"},
    {"responseheadertimeout", "timeouts.response"},
    {"read", "timeouts.response"},
    {"proxyconnecttimeout", "timeouts.connect"},
    {"timeoutconnect", "timeouts.connect"},
    {"connecttimeout", "timeouts.connect"},
    {"dialtimeout", "timeouts.connect"},
    {"dial", "timeouts.connect"},
    {"proxysendtimeout", "timeouts.between_bytes"},
    {"sendtimeout", "timeouts.write"},
    {"writetimeout", "timeouts.write"},
    {"send", "timeouts.write"},
    {"keepalivetimeout", "timeouts.idle"},
    {"keepalive", "timeouts.idle"},
    {"timeouthttpkeepalive", "timeouts.idle"},
    {"idletimeout", "timeouts.idle"},
    {"clientheadertimeout", "timeouts.request_head"},
    {"timeouthttprequest", "timeouts.request_head"},
    {"header", "timeouts.request_head"},
    {"readheadertimeout", "timeouts.request_head"},
    {"head", "timeouts.request_head"},
    {"clientbodytimeout", "timeouts.request_body"},
    {"timeoutclient", "timeouts.request_body"},
    {"client", "timeouts.request_body"},
    {"overall", "timeouts.exchange"},
    {"total", "timeouts.exchange"},
    {"requesttimeout", "timeouts.exchange"},
    {"retry", "retries"},
    {"maxretries", "retries.attempts"},
    {"tries", "retries.attempts"},
    {"proxynextupstream", "retries"},
    {"proxynextupstreamtries", "retries.attempts"},
    {"count", "retries.attempts"},
    {"buffersize", "retries.buffer"},
    {"clientbodybuffersize", "retries.buffer"},
    {"buffering", "retries.buffer"},
    {"release", "switch"},
    {"deploy", "switch"},
    {"deployment", "switch"},
    {"gate", "switch"},
    {"draintimeout", "switch.drain"},
    {"draining", "switch.drain"},
    {"drainseconds", "switch.drain"},
    {"streamtimeout", "switch.stream_drain"},
    {"minhealthy", "switch.require_healthy"},
    {"url", "address"},
    {"addr", "address"},
    {"ip", "address"},
    {"host", "address"},
    {"id", "name"},
    {"label", "name"},
    {"w", "weight"},
    {"maxconns", "", kNoBound},
    {"maxconn", "", kNoBound},
    {"maxconnections", "", kNoBound},
    {"maxinflight", "", kNoBound},
    {"maxrequests", "", kNoBound},
    {"workerconnections", "", "connections are not bounded yet: the descriptor limit is the bound"},
    {"tls", "", kNoTls},
    {"ssl", "", kNoTls},
    {"sslcertificate", "", kNoTls},
    {"cert", "", kNoTls},
    {"certificate", "", kNoTls},
    {"certificates", "", kNoTls},
    {"https", "", kNoTls},
    {"<<", "", kDefaultsInstead},
    {"global", "", kDefaultsInstead},
    {"anchors", "", kDefaultsInstead},
    {"backup", "", "a standby is a pool outside the split: see \"initial\""},
    {"balance", "", "the one way as yet is weighted round robin"},
    // Near enough to a key of ours to be taken for it, and something else.
    {"hooks", "", ""},
    {"warm", "", ""},
    {"watch", "", ""},
    {"limits", "", ""},
    {"errors", "", ""},
    {"algorithm", "", "the one way as yet is weighted round robin"},
});

// "Server-Name" → "servername".
std::string reduce(std::string_view word) {
  std::string reduced;
  for (char c : word) {
    if (c == '_' || c == '-' || c == ' ' || c == '.') continue;
    reduced += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return reduced;
}

// Whether `key` is an option or a group of options in `option`'s row.
bool is_at_or_below(const Option& option, std::string_view key) {
  return option.key.starts_with(key) &&
         (option.key.size() == key.size() || option.key[key.size()] == '.');
}

std::string_view place_of(OptionScope scope) {
  switch (scope) {
    case OptionScope::File:
      return "at the top level";
    case OptionScope::Listener:
      return "in an entry of \"listen\"";
    case OptionScope::Service:
      return "in services.NAME";
    case OptionScope::Settings:
      return "in services.NAME or in defaults";
    case OptionScope::Server:
      return "in a server's map";
  }
  return "";
}

// A suggestion of `key`, told from where the reader of the message stands.
KeySuggestion point_at(OptionContext context, std::string_view prefix, std::string_view key) {
  const auto reachable = std::ranges::find_if(options(), [&](const Option& option) {
    return takes(context, option.scope) && is_at_or_below(option, key);
  });
  if (reachable != options().end()) {
    const std::string_view name = key.starts_with(prefix) ? key.substr(prefix.size()) : key;
    return {std::string(key), fmt::format("did you mean \"{}\"?", name)};
  }
  const auto elsewhere = std::ranges::find_if(
      options(), [&](const Option& option) { return is_at_or_below(option, key); });
  if (elsewhere == options().end()) return {};
  return {std::string(key),
          fmt::format("did you mean \"{}\", {}?", key, place_of(elsewhere->scope))};
}

// The neighbour's row for `word` whose key can stand nearest to where it was found; null if there
// is none.
const Neighbour* find_neighbour(OptionContext context, std::string_view prefix,
                                std::string_view word) {
  const Neighbour* first = nullptr;
  for (const Neighbour& row : kNeighbours) {
    if (row.word != word) continue;
    if (find_option(context, row.key) && row.key.starts_with(prefix)) return &row;
    if (!first) first = &row;
  }
  return first;
}

// `drain` in a service is a key of `switch` there.
KeySuggestion suggest_place(OptionContext context, std::string_view prefix, std::string_view word) {
  const Option* found = nullptr;
  for (const Option& option : options()) {
    const std::size_t dot = option.key.rfind('.');
    const std::string_view last = option.key.substr(dot == std::string_view::npos ? 0 : dot + 1);
    const bool is_meant = last == word || is_at_or_below(option, word);
    if (is_meant && (!found || takes(context, option.scope))) found = &option;
    if (is_meant && takes(context, option.scope)) break;
  }
  if (!found) return {};
  return point_at(context, prefix, is_at_or_below(*found, word) ? word : found->key);
}

}  // namespace

KeySuggestion suggest_key(OptionContext context, std::string_view prefix, std::string_view word) {
  if (word.find('.') != std::string_view::npos &&
      find_option(context, fmt::format("{}{}", prefix, word))) {
    const std::size_t dot = word.find('.');
    return {std::string(word), fmt::format("write it nested: {}: {{ {}: … }}", word.substr(0, dot),
                                           word.substr(dot + 1))};
  }
  const std::vector<std::string_view> names = child_keys(context, prefix);
  const std::string reduced = reduce(word);
  for (std::string_view name : names)
    if (reduce(name) == reduced)
      return point_at(context, prefix, fmt::format("{}{}", prefix, name));
  if (const Neighbour* row = find_neighbour(context, prefix, reduced)) {
    if (row->key.empty()) return {"", std::string(row->note)};
    return point_at(context, prefix, row->key);
  }
  if (KeySuggestion place = suggest_place(context, prefix, word); !place.key.empty()) return place;
  const std::string near = suggest(word, std::span<const std::string_view>(names));
  if (near.empty()) return {};
  return point_at(context, prefix, fmt::format("{}{}", prefix, near));
}

}  // namespace tealgate
