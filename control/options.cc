#include "control/options.h"

#include <algorithm>
#include <array>

namespace tealgate {
namespace {

using S = OptionScope;
using T = OptionType;

constexpr auto kOptions = std::to_array<Option>({
    {S::File, "version", T::Number, "1", "1", "1", "The version of this format."},
    {S::File, "listen", T::AddressList, "", "", "",
     "Where clients connect: an address, a list of addresses, or a list of maps. Required."},
    {S::File, "services", T::ServiceMap, "", "", "",
     "The services by name (letters, digits, `_`, `-`, `.`). Required."},
    {S::File, "defaults", T::SettingsMap, "", "", "",
     "Settings of every service that doesn't say otherwise: all of *Settings* below."},
    {S::File, "workers", T::NumberOrAuto, "auto", "1", "256",
     "Worker threads; `auto` is one a core.", true},
    {S::File, "trusted_proxies", T::BlockList, "(none)", "", "",
     "Peers whose `X-Forwarded-*` fields are believed and extended."},
    {S::File, "limits.connections", T::NumberOrAuto, "auto", "1", "10000000",
     "Clients connected at once, over all workers; further ones wait in the system's queue. `auto` "
     "is half of what RLIMIT_NOFILE leaves beside 100."},
    {S::File, "limits.connections_per_address", T::Number, "0", "0", "10000000",
     "Clients connected at once from one IPv4 address or IPv6 /64; further ones are closed. "
     "`trusted_proxies` are exempt; `0` is unbounded.",
     false, [](Config& c) -> unsigned& { return c.limits.connections_per_address; }},
    {S::File, "limits.requests_per_connection", T::Number, "0", "0", "10000000",
     "Requests on one connection; the last answer says `Connection: close`. `0` is unbounded.",
     false, [](Config& c) -> unsigned& { return c.limits.requests_per_connection; }},
    {S::File, "limits.head", T::Size, "32KiB", "1KiB", "1MiB", "A request's head, as it came.",
     false, [](Config& c) -> std::uint64_t& { return c.limits.head_bytes; }},
    {S::File, "limits.target", T::Size, "16KiB", "256B", "1MiB", "A request's target.", false,
     [](Config& c) -> std::uint64_t& { return c.limits.target_bytes; }},
    {S::File, "limits.fields", T::Number, "128", "8", "10000", "Fields in a request's head.", false,
     [](Config& c) -> unsigned& { return c.limits.fields; }},
    {S::File, "shutdown_grace", T::TimeSpan, "30s", "0s", "1h",
     "How long a stopping daemon lets requests finish.", false,
     [](Config& c) -> Duration& { return c.shutdown_grace; }},
    {S::File, "ticket_rotation", T::TimeSpan, "12h", "1m", "7d",
     "How often listeners with `tls` seal session tickets with a new key; older keys open them for "
     "two more of these times.",
     false, [](Config& c) -> Duration& { return c.ticket_rotation; }},
    {S::File, "logs.access", T::AccessLog, "(see Paths)", "", "", "Where the access log goes.",
     true},
    {S::File, "logs.format", T::LogFormat, "json", "", "",
     "What its lines look like: `combined` is nginx's.", true},
    {S::File, "logs.loki.url", T::HttpUrl, "", "", "",
     "The Loki that gets each line of the access log and of the daemon's own, besides what "
     "`logs.access` says; without a path it is `/loki/api/v1/push`. Required."},
    {S::File, "logs.loki.tenant", T::Text, "(none)", "", "",
     "Whose lines they are, for a Loki with tenants (`X-Scope-OrgID`)."},
    {S::File, "logs.loki.labels", T::LabelMap, "(none)", "", "",
     "Labels of every line, besides `service`, `pool` and `stream`; at most 12."},
    {S::File, "logs.loki.username", T::Text, "(none)", "", "",
     "Who pushes (Basic); with `password_file`."},
    {S::File, "logs.loki.password_file", T::FilePath, "(none)", "", "",
     "The file that holds the password. A reload reads it again."},
    {S::File, "logs.loki.token_file", T::FilePath, "(none)", "", "",
     "The file that holds a token (Bearer), in place of a name and a password."},
    {S::File, "logs.loki.ca", T::FilePath, "(the system's)", "", "",
     "Who may sign Loki's certificate, PEM."},
    {S::File, "logs.loki.queue", T::Size, "16MiB", "1MiB", "1GiB",
     "Lines that wait for Loki, at most; then the oldest are dropped and counted."},
    {S::File, "control.socket", T::SocketList, "(see Paths)", "", "",
     "The Unix sockets that commands use: a path, a map or a list of maps."},
    {S::File, "control.dashboard", T::DashboardTerms, "(none)", "", "",
     "Where the page, the control API and `/metrics` are served over TCP; `:9180` is loopback. Of "
     "a map all but `address` changes with a reload.",
     true},
    {S::File, "control.state", T::FilePath, "(see Paths)", "", "",
     "The folder of `state.json` and `history.jsonl`.", true},

    {S::Listener, "address", T::Address, "", "", "",
     "`ADDRESS:PORT`; `:80` is every interface. Required."},
    {S::Listener, "proxy_protocol", T::Flag, "false", "", "",
     "Each connection begins with a PROXY header (version 1 or 2) that says who the client is. "
     "Peers outside `trusted_proxies` are closed."},
    {S::Listener, "tls.cert", T::FilePath, "", "", "",
     "The certificate and its chain, PEM (certbot's `fullchain.pem`). Makes this listener speak "
     "TLS."},
    {S::Listener, "tls.key", T::FilePath, "", "", "",
     "The certificate's private key, PEM (certbot's `privkey.pem`), without a passphrase."},
    {S::Listener, "tls.ocsp", T::FilePath, "(none)", "", "",
     "The certificate authority's OCSP response, DER, which is stapled to the certificate."},
    {S::Listener, "tls.certificates", T::CertificateList, "(none)", "", "",
     "More certificates: each a map of `cert`, `key` and `ocsp`. A client is shown the one for the "
     "name it asks for, else the first."},
    {S::Listener, "tls.min_version", T::TlsVersionName, "1.2", "", "", "The oldest TLS spoken."},
    {S::Listener, "tls.ciphers", T::Text, "(see TLS)", "", "",
     "The ciphers of TLS 1.2, as OpenSSL lists them; TLS 1.3 has its own."},
    {S::Listener, "tls.client_certificates", T::ClientProof, "none", "", "",
     "Whether clients must show a certificate that `tls.client_ca` signed. Its name goes to the "
     "server as `X-Forwarded-Client-Name`."},
    {S::Listener, "tls.client_ca", T::FilePath, "(none)", "", "",
     "Who may sign clients' certificates, PEM."},
    {S::Listener, "hsts", T::TimeSpan, "0s", "0s", "1000d",
     "How long browsers are to come by https alone (`Strict-Transport-Security` in each answer "
     "that has none); `0s` does not say. For listeners with `tls`.",
     false},
    {S::Listener, "redirect", T::RedirectTarget, "(none)", "", "",
     "Answers each request with a redirect to https at that port. For listeners without `tls`."},

    {S::Socket, "path", T::FilePath, "", "", "", "Where the socket is, without `..`. Required."},
    {S::Socket, "group", T::Text, "(the daemon's)", "", "",
     "Whose members may connect, besides the daemon's user: a name or a number."},
    {S::Socket, "role", T::RoleName, "admin", "", "", "What they may do: *Access*."},
    {S::Socket, "services", T::NameList, "(all)", "", "",
     "The services that they may know of and change."},

    {S::Service, "hosts", T::HostList, "(any host)", "", "",
     "Names that clients ask for; `*.example.com` is every name below."},
    {S::Service, "paths", T::PathList, "(any path)", "", "",
     "Path prefixes, on segment boundaries: `/api` is `/api` and `/api/x`."},
    {S::Service, "pools", T::PoolMap, "", "", "",
     "The pools by name: an address, a list of addresses, or a list of maps. Required."},
    {S::Service, "initial", T::SplitWords, "(the first pool)", "", "",
     "The split at the first start: `blue`, `[blue, green]`, `[blue=90, green=10]`, `all`."},

    {S::Settings, "health", T::HealthCheck, "(TCP connect)", "", "",
     "`none`, a path, a preset (`spring`, `rails`, `tomcat`, `node`), or a map."},
    {S::Settings, "health.path", T::Text, "/", "", "", "What the check asks for."},
    {S::Settings, "health.host", T::Text, "(the first plain name in `hosts`)", "", "",
     "The check's Host; without a name in `hosts`, the server's address."},
    {S::Settings, "health.port", T::Number, "(the server's)", "1", "65535",
     "The port to check, if it is another.", false,
     [](ServiceSettings& s) -> std::uint16_t& { return s.health.port; }},
    {S::Settings, "health.method", T::Method, "GET", "", "", "`GET`, `HEAD` or `OPTIONS`."},
    {S::Settings, "health.interval", T::TimeSpan, "2s", "100ms", "1h",
     "Between two checks of a server.", false,
     [](ServiceSettings& s) -> Duration& { return s.health.interval; }},
    {S::Settings, "health.timeout", T::TimeSpan, "1s", "10ms", "5m", "How long a check may take.",
     false, [](ServiceSettings& s) -> Duration& { return s.health.timeout; }},
    {S::Settings, "health.rise", T::Number, "2", "1", "100",
     "Passes in a row that bring a server up.", false,
     [](ServiceSettings& s) -> unsigned& { return s.health.rise; }},
    {S::Settings, "health.fall", T::Number, "3", "1", "100",
     "Failures in a row that take a server down.", false,
     [](ServiceSettings& s) -> unsigned& { return s.health.fall; }},
    {S::Settings, "health.expect.status", T::StatusList, "200-299", "100", "599",
     "Statuses that pass: `200`, `2xx`, `200-399`, or a list of these."},
    {S::Settings, "health.expect.body", T::Text, "(anything)", "", "",
     "A text that must occur in the answer's body."},

    {S::Settings, "timeouts.connect", T::TimeSpan, "2s", "1ms", "5m", "To connect to a server.",
     false, [](ServiceSettings& s) -> Duration& { return s.timeouts.connect; }},
    {S::Settings, "timeouts.request_head", T::TimeSpan, "10s", "1ms", "24h",
     "From the first byte of a request's head to its end.", false,
     [](ServiceSettings& s) -> Duration& { return s.timeouts.request_head; }},
    {S::Settings, "timeouts.request_body", T::TimeSpan, "30s", "1ms", "24h",
     "Between two reads of a request's body.", false,
     [](ServiceSettings& s) -> Duration& { return s.timeouts.request_body; }},
    {S::Settings, "timeouts.response", T::TimeSpan, "60s", "1ms", "24h",
     "From the request's end to the head of the response.", false,
     [](ServiceSettings& s) -> Duration& { return s.timeouts.response; }},
    {S::Settings, "timeouts.between_bytes", T::TimeSpan, "60s", "1ms", "24h",
     "Between two reads of a response's body.", false,
     [](ServiceSettings& s) -> Duration& { return s.timeouts.between_bytes; }},
    {S::Settings, "timeouts.write", T::TimeSpan, "60s", "1ms", "24h",
     "A client that takes nothing of its response.", false,
     [](ServiceSettings& s) -> Duration& { return s.timeouts.write; }},
    {S::Settings, "timeouts.idle", T::TimeSpan, "75s", "1ms", "24h",
     "A client's connection between two requests.", false,
     [](ServiceSettings& s) -> Duration& { return s.timeouts.idle; }},
    {S::Settings, "timeouts.stream", T::TimeSpan, "1h", "1ms", "24h",
     "A WebSocket or another tunnel, or an event stream, in which neither side says anything.",
     false, [](ServiceSettings& s) -> Duration& { return s.timeouts.stream; }},
    {S::Settings, "timeouts.exchange", T::TimeSpan, "0s", "0s", "24h",
     "A whole exchange with its retries; `0s` is unbounded.", false,
     [](ServiceSettings& s) -> Duration& { return s.timeouts.exchange; }},

    {S::Settings, "upgrades", T::ProtocolList, "websocket", "", "",
     "The protocols that a client may change its connection to (`Upgrade`)."},

    {S::Settings, "limits.body", T::Size, "0B", "0B", "1024GiB",
     "A request's body, without chunk framing; `0B` is unbounded.", false,
     [](ServiceSettings& s) -> std::uint64_t& { return s.body.bytes; }},
    {S::Settings, "limits.body_rate", T::Size, "256B", "0B", "1GiB",
     "How much of a request's body must come a second, on average, once it took longer than "
     "`timeouts.request_body`; `0B` is any.",
     false, [](ServiceSettings& s) -> std::uint64_t& { return s.body.rate; }},
    {S::Settings, "limits.response_rate", T::Size, "256B", "0B", "1GiB",
     "How much a client must take a second of what waits for it, on average over each "
     "`timeouts.write`; `0B` is any.",
     false, [](ServiceSettings& s) -> std::uint64_t& { return s.response_rate; }},

    {S::Settings, "retries.attempts", T::Number, "3", "1", "10",
     "Tries of one exchange, the first included.", false,
     [](ServiceSettings& s) -> unsigned& { return s.retries.attempts; }},
    {S::Settings, "retries.buffer", T::Size, "64KiB", "0B", "16MiB",
     "How much of a request's body is kept for a retry.", false,
     [](ServiceSettings& s) -> std::uint64_t& { return s.retries.buffer_bytes; }},

    {S::Settings, "retries.on", T::RetryCauses, "none", "500", "599",
     "What another server is asked for once more, where the request may be sent twice: a response "
     "head that is too late, or answers with these statuses."},
    {S::Settings, "retries.budget", T::Percent, "20%", "0%", "100%",
     "The share of a worker's exchanges in flight that may be on a retry of `retries.on`; three "
     "always may.",
     false, [](ServiceSettings& s) -> unsigned& { return s.retries.budget_percent; }},
    {S::Settings, "retries.non_idempotent", T::RepeatRule, "never", "", "",
     "Whether POST and PATCH may be sent twice, as GET may: `keyed` those with an "
     "`Idempotency-Key`."},

    {S::Settings, "switch.require_healthy", T::Percent, "100%", "1%", "100%",
     "The share of a pool's servers that must be up before it gets traffic.", false,
     [](ServiceSettings& s) -> unsigned& { return s.switching.require_healthy_percent; }},
    {S::Settings, "switch.drain", T::TimeSpan, "30s", "0s", "24h",
     "How long a drain waits for exchanges without a response byte.", false,
     [](ServiceSettings& s) -> Duration& { return s.switching.drain; }},
    {S::Settings, "switch.stream_drain", T::TimeSpan, "5m", "0s", "24h",
     "How long a drain waits for responses and uploads that still move.", false,
     [](ServiceSettings& s) -> Duration& { return s.switching.stream_drain; }},
    {S::Settings, "switch.stream_spread", T::TimeSpan, "60s", "0s", "1h",
     "A drain closes WebSockets and event streams properly, one after another, spread over this "
     "time from its begin. `0s`: all at once, 5 s before `switch.stream_drain` is over.",
     false, [](ServiceSettings& s) -> Duration& { return s.switching.stream_spread; }},

    {S::Settings, "headers.request.set", T::FieldMap, "(none)", "", "",
     "Fields of requests, in place of what the client sent; `Host` too."},
    {S::Settings, "headers.request.add", T::FieldMap, "(none)", "", "",
     "Fields of requests, besides what the client sent."},
    {S::Settings, "headers.request.remove", T::NameList, "(none)", "", "",
     "Fields that no server gets."},
    {S::Settings, "headers.response.set", T::FieldMap, "(none)", "", "",
     "Fields of servers' responses, in place of what the server sent."},
    {S::Settings, "headers.response.add", T::FieldMap, "(none)", "", "",
     "Fields of servers' responses, besides what the server sent."},
    {S::Settings, "headers.response.remove", T::NameList, "(none)", "", "",
     "Fields that no client gets."},
    {S::Settings, "headers.forwarded", T::Flag, "false", "", "",
     "Send `Forwarded` (RFC 7239) besides `X-Forwarded-*`."},

    {S::Settings, "cors", T::CorsTerms, "passthrough", "", "",
     "`passthrough`: the server's own fields; a map: Tealgate answers for it."},
    {S::Settings, "cors.origins", T::OriginList, "", "", "",
     "Whose scripts may read answers: `https://app.example.com`, or `\"*\"`. Required."},
    {S::Settings, "cors.methods", T::NameList, "GET, HEAD, POST", "", "", "What they may use."},
    {S::Settings, "cors.headers", T::NameList, "(none)", "", "",
     "Request fields that they may send, beyond those always allowed."},
    {S::Settings, "cors.expose", T::NameList, "(none)", "", "",
     "Response fields that they may read, beyond those always allowed."},
    {S::Settings, "cors.credentials", T::Flag, "false", "", "",
     "Whether cookies and passwords go along; not with `\"*\"`."},
    {S::Settings, "cors.max_age", T::TimeSpan, "5s", "0s", "24h",
     "How long a browser may keep the answer to a preflight."},

    {S::Settings, "errors", T::PageMap, "(our own pages)", "", "",
     "HTML pages for Tealgate's own errors: `502`, `4xx`, `5xx` to files."},

    {S::Pool, "servers", T::ServerList, "", "", "",
     "An address, or a list of addresses and maps. Required."},
    {S::Pool, "tls", T::ServerTls, "false", "", "",
     "Whether its servers speak TLS; a map says on what terms."},
    {S::Pool, "tls.ca", T::FilePath, "(the system's)", "", "",
     "Who may sign the servers' certificates, PEM; a self-signed one signs itself."},
    {S::Pool, "tls.name", T::Text, "(the host in its address)", "", "",
     "The name, or IP address, that a server's certificate must be for, and that it is asked for "
     "(SNI). A last dot is left out, a leading one refused."},
    {S::Pool, "tls.cert", T::FilePath, "(none)", "", "",
     "The certificate that servers are shown if they ask for one, with its chain, PEM."},
    {S::Pool, "tls.key", T::FilePath, "(none)", "", "", "Its private key, PEM."},
    {S::Pool, "tls.verify", T::Flag, "true", "", "",
     "`false` believes whoever answers, an attacker too."},

    {S::Server, "address", T::Address, "", "", "",
     "`ADDRESS:PORT` or `NAME:PORT`; `:8081` is loopback. Required."},
    {S::Server, "name", T::Text, "(the address as written)", "", "",
     "What commands call it; unique in the service."},
    {S::Server, "weight", T::Number, "1", "1", "1000", "Its share among the servers of its pool."},

    // Last: of keys that stand in several places, a hint names the first.
    {S::Dashboard, "address", T::Address, "", "", "",
     "`ADDRESS:PORT`; `:9180` is loopback. Required."},
    {S::Dashboard, "hosts", T::HostList, "(none)", "", "",
     "Names that browsers ask it by, besides IP addresses, `localhost` and the address itself."},
    {S::Dashboard, "public", T::Flag, "(on loopback)", "", "",
     "Whether who shows no token may read. `false` where a proxy on this host stands in front."},
    {S::Dashboard, "tokens", T::TokenList, "(none)", "", "", "Who may do what: a list of maps."},

    {S::Token, "name", T::Text, "", "", "", "What the history calls who shows it. Required."},
    {S::Token, "role", T::RoleName, "viewer", "", "", "What it permits: *Access*."},
    {S::Token, "sha256", T::TokenHash, "", "", "",
     "The token's SHA-256; the token itself stands nowhere. Required."},
    {S::Token, "services", T::NameList, "(all)", "", "",
     "The services that who shows it may know of and change."},
});

}  // namespace

std::span<const Option> options() {
  return kOptions;
}

bool takes(OptionContext context, OptionScope scope) {
  switch (context) {
    case OptionContext::File:
      return scope == S::File;
    case OptionContext::Listener:
      return scope == S::Listener;
    case OptionContext::Socket:
      return scope == S::Socket;
    case OptionContext::Dashboard:
      return scope == S::Dashboard;
    case OptionContext::Token:
      return scope == S::Token;
    case OptionContext::Service:
      return scope == S::Service || scope == S::Settings;
    case OptionContext::Defaults:
      return scope == S::Settings;
    case OptionContext::Pool:
      return scope == S::Pool;
    case OptionContext::Server:
      return scope == S::Server;
  }
  return false;
}

const Option* find_option(OptionContext context, std::string_view key) {
  auto found = std::ranges::find_if(
      kOptions, [&](const Option& o) { return o.key == key && takes(context, o.scope); });
  return found == kOptions.end() ? nullptr : &*found;
}

std::vector<std::string_view> child_keys(OptionContext context, std::string_view prefix) {
  std::vector<std::string_view> names;
  for (const Option& option : kOptions) {
    if (!takes(context, option.scope) || !option.key.starts_with(prefix)) continue;
    std::string_view name = option.key.substr(prefix.size());
    name = name.substr(0, name.find('.'));
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

}  // namespace tealgate
