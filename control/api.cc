#include "control/api.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/suggest.h"
#include "control/api_requests.h"
#include "control/control_loop.h"
#include "control/figures_report.h"
#include "control/page_assets.h"
#include "control/request_target.h"
#include "control/scalar_values.h"
#include "control/telemetry.h"
#include "control/visible.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned kDefaultHistory = 50;
constexpr int kApiVersion = 1;

// Of several the caller may mean any.
Result<AskedAccess, CommandError> asked_access(const RequestHead& head) {
  AskedAccess asked;
  for (const Field& field : head.fields) {
    const bool is_role = field.is_named(kRoleField);
    if (!is_role && !field.is_named(kServicesField)) continue;
    std::optional<std::string_view>& value = is_role ? asked.role : asked.services;
    if (value) {
      return tl::make_unexpected(CommandError{
          ErrorCode::Usage, fmt::format("{} is there twice", is_role ? kRoleField : kServicesField),
          nullptr, ""});
    }
    value = field.value;
  }
  return asked;
}

Json failure(ErrorCode code, std::string message, std::string hint = {}) {
  return error_object({code, std::move(message), nullptr, std::move(hint)});
}

}  // namespace

// An endpoint cannot be without its role. It is about the service that its pattern begins with; one
// that names none shows, or refuses to change, what the caller's services do not cover.
struct Api::Route {
  using Handler = void (Api::*)(Call&);
  constexpr Route(std::string_view of, std::string_view at, Role takes, Handler by)
      : method(of), pattern(at), role(takes), handler(by) {}

  std::string name() const { return fmt::format("{} {}", method, pattern); }
  bool is_about_service() const { return pattern.starts_with("/v1/services/{s}"); }

  std::string_view method;
  std::string_view pattern;
  Role role;
  Handler handler;
};

// A request that fits a route.
struct Api::Call {
  ApiExchange& exchange;
  std::vector<std::string> captured;  // the pattern's {…}
  nlohmann::json body;                // of a POST
  Caller caller;

  template <class Command>
  bool accepts(ParseResult<Command>& parsed) {
    if (!parsed) {
      exchange.reply(error_object(parsed.error()));
      return false;
    }
    if (!parsed->by.empty() && caller.token.empty()) caller.by = parsed->by;
    return true;
  }
  const Access& access() const { return exchange.request().access; }
  std::optional<std::string> query(std::string_view name) const {
    return query_value(exchange.request().query, name);
  }
};

const std::vector<Api::Route>& Api::routes() {
  static const std::vector<Route> kRoutes = {
      {"GET", "/", Role::None, &Api::page},
      {"GET", "/assets/app.js", Role::None, &Api::page},
      {"GET", "/assets/app.css", Role::None, &Api::page},
      {"GET", "/assets/favicon.svg", Role::None, &Api::page},
      {"GET", "/assets/licences.txt", Role::None, &Api::page},
      {"GET", "/healthz", Role::None, &Api::health},
      {"GET", "/v1/whoami", Role::None, &Api::whoami},
      {"GET", "/v1/version", Role::Viewer, &Api::version},
      {"GET", "/v1/status", Role::Viewer, &Api::status},
      {"GET", "/v1/services/{s}", Role::Viewer, &Api::service},
      {"GET", "/v1/history", Role::Viewer, &Api::history},
      {"GET", "/v1/operations/{id}", Role::Viewer, &Api::operation},
      {"GET", "/v1/figures", Role::Viewer, &Api::figures},
      {"GET", "/v1/events", Role::Viewer, &Api::events},
      {"GET", "/metrics", Role::Viewer, &Api::metrics},
      {"POST", "/v1/services/{s}/switch", Role::Deployer, &Api::run_switch},
      {"POST", "/v1/services/{s}/rollback", Role::Deployer, &Api::run_rollback},
      {"POST", "/v1/services/{s}/pools/{p}/servers/{name}/state", Role::Admin,
       &Api::set_server_state},
      {"POST", "/v1/services/{s}/wait", Role::Deployer, &Api::wait},
      {"POST", "/v1/services/{s}/lock", Role::Deployer, &Api::lock},
      {"POST", "/v1/services/{s}/unlock", Role::Deployer, &Api::unlock},
      {"POST", "/v1/reload", Role::Admin, &Api::reload},
      {"POST", "/v1/upgrade", Role::Admin, &Api::upgrade},
  };
  return kRoutes;
}

std::vector<Api::Endpoint> Api::endpoints() {
  std::vector<Endpoint> all;
  for (const Route& route : routes()) all.push_back({route.name(), route.role});
  return all;
}

Api::Api(Sources sources)
    : control_(sources.control),
      telemetry_(sources.telemetry),
      facts_(std::move(sources.facts)),
      metrics_(std::move(sources.metrics)) {}

std::unique_ptr<RequestAnswerer> Api::answer(const RequestHead& head, ResponseWriter& writer,
                                             const Caller& peer, const Access& access) {
  Result<Access, CommandError> left = asked_access(head).and_then(
      [&access](const AskedAccess& asked) { return lowered(access, asked); });
  if (!left) return refuse(head, writer, {left.error()});
  ApiRequest request{std::string(head.method),
                     std::string(head.path),
                     std::string(head.query),
                     "",
                     peer,
                     std::move(*left),
                     std::string(head.field("Last-Event-ID")),
                     std::string(head.field("Accept-Encoding")),
                     std::string(head.field("If-None-Match"))};
  if (head.expects_continue() && head.framing.has_body()) writer.send_interim(100, "");
  return std::make_unique<ApiExchange>(control_, std::move(request), writer,
                                       [this](ApiExchange& exchange) { dispatch(exchange); });
}

std::unique_ptr<RequestAnswerer> Api::refuse(const RequestHead& head, ResponseWriter& writer,
                                             Refusal refusal) {
  ApiRequest request{std::string(head.method), std::string(head.path), "", "", Caller(), Access()};
  return std::make_unique<ApiExchange>(
      control_, std::move(request), writer, [refusal](ApiExchange& exchange) {
        const Json object = error_object(refusal.error);
        const int status = refusal.status != 0 ? refusal.status : http_status_of(object);
        exchange.reply(object, {status, refusal.fields});
      });
}

void Api::note_refusal(std::string_view who, const CommandError& why) {
  refusals_.add(who, why, Clock::now());
}

void Api::dispatch(ApiExchange& exchange) {
  const ApiRequest& request = exchange.request();
  const std::string_view method =
      request.method == "HEAD" ? "GET" : std::string_view(request.method);
  std::string allowed;
  for (const Route& route : routes()) {
    std::optional<std::vector<std::string>> captured = match_path(route.pattern, request.path);
    if (!captured) continue;
    if (route.method == method) return carry_out(route, exchange, std::move(*captured));
    allowed = route.method;
  }
  if (allowed.empty()) {
    return exchange.reply(failure(ErrorCode::Unknown, "there is no " + request.path));
  }
  exchange.reply(failure(ErrorCode::MethodNotAllowed, request.path + " takes " + allowed),
                 {405, "Allow: " + allowed + "\r\n"});
}

void Api::carry_out(const Route& route, ApiExchange& exchange, std::vector<std::string> captured) {
  Call call{exchange, std::move(captured), nullptr, exchange.request().caller};
  if (is_refused(call, obstacle(route, call))) return;
  if (route.method == "POST") {
    Result<nlohmann::json, CommandError> body = parse_body(exchange.request().body);
    if (!body) return exchange.reply(error_object(body.error()));
    call.body = std::move(*body);
    const bool forces = call.body.value("force", nlohmann::json()) == true;
    if (forces && is_refused(call, refusal(call.access(), {"\"force\"", Role::Admin}))) return;
  }
  (this->*route.handler)(call);
}

std::optional<CommandError> Api::obstacle(const Route& route, const Call& call) const {
  const ApiRequest& request = call.exchange.request();
  Demand demand{fmt::format("{} {}", request.method, request.path), route.role};
  demand.service = route.is_about_service() ? call.captured.front() : call.query("service");
  demand.changes_all = route.method == "POST" && !route.is_about_service();
  std::optional<CommandError> why = refusal(call.access(), demand);
  const bool is_unknown = call.access().services && demand.service &&
                          control_.config().config.find_service(*demand.service) == nullptr;
  if (why || !is_unknown) return why;
  // Without the names of those that there are.
  return CommandError{ErrorCode::Unknown,
                      fmt::format("there is no service \"{}\"", *demand.service)};
}

bool Api::is_refused(const Call& call, const std::optional<CommandError>& why) {
  if (!why) return false;
  const Caller& caller = call.caller;
  if (caller.uid) {
    note_refusal(fmt::format("uid {}, pid {}", *caller.uid, caller.pid.value_or(0)), *why);
  } else if (!caller.token.empty()) {
    note_refusal(fmt::format("the token \"{}\"", caller.token), *why);
  }
  if (call.access().role == Role::None) {
    call.exchange.reply(error_object(*why), {401, std::string(kChallenge)});
  } else {
    call.exchange.reply(error_object(*why));
  }
  return true;
}

void Api::page(Call& call) {
  const ApiRequest& request = call.exchange.request();
  const PageAsset* const asset = find_page_asset(request.path);
  if (!asset)  // the same path in another spelling
    return call.exchange.reply(failure(ErrorCode::Unknown, "there is no " + request.path));
  call.exchange.reply(answer_with(*asset, {request.accept_encoding, request.if_none_match}));
}

void Api::whoami(Call& call) {
  const Access& access = call.access();
  const std::string& token = call.caller.token;
  Json object = {{"ok", true},
                 {"name", token.empty() ? Json() : Json(token)},
                 {"role", to_string(access.role)},
                 {"services", access.services ? Json(*access.services) : Json()},
                 {"actions", access.role >= Role::Deployer},
                 {"sign_in", access.knows_tokens}};
  call.exchange.reply(object);
}

void Api::health(Call& call) {
  call.exchange.reply_text("ok\n");
}

void Api::version(Call& call) {
  call.exchange.reply(
      {{"ok", true}, {"version", facts_.version}, {"pid", facts_.pid}, {"api", kApiVersion}});
}

void Api::status(Call& call) {
  call.exchange.reply(visible_status(control_, facts_, call.access()));
}

void Api::service(Call& call) {
  const std::string& name = call.captured.front();
  Json found = service_object(control_, name);
  if (found.is_object()) {
    Json object = {{"ok", true}};
    object.update(found);
    return call.exchange.reply(object);
  }
  (void)is_known(call, name);
}

// Answers if it is not.
bool Api::is_known(Call& call, const std::string& service) const {
  std::vector<std::string> names;
  for (const ServiceConfig& each : control_.config().config.services) names.push_back(each.name);
  if (std::find(names.begin(), names.end(), service) != names.end()) return true;
  const std::string meant = suggest(service, names);
  call.exchange.reply(failure(ErrorCode::Unknown,
                              fmt::format("there is no service \"{}\"", service),
                              meant.empty() ? "" : fmt::format("did you mean {}?", meant)));
  return false;
}

void Api::history(Call& call) {
  const std::string wanted = call.query("limit").value_or(std::to_string(kDefaultHistory));
  const Result<unsigned> limit = parse_number(wanted);
  if (!limit || *limit == 0) {
    return call.exchange.reply(
        failure(ErrorCode::Usage, fmt::format("limit: \"{}\" must be a number above 0", wanted)));
  }
  const std::string service = call.query("service").value_or("");
  std::vector<Json> found = visible_history(control_, call.access(), service, *limit);
  if (found.empty() && !service.empty() && !is_known(call, service)) return;
  call.exchange.reply({{"ok", true}, {"entries", std::move(found)}});
}

void Api::operation(Call& call) {
  const std::string& id = call.captured.front();
  std::vector<std::string> services = visible_services_of(control_, call.access(), id);
  if (const auto meant = call.query("service"); meant && !meant->empty())
    std::erase_if(services, [&](const std::string& service) { return service != *meant; });
  if (services.size() > 1) {
    return call.exchange.reply(failure(
        ErrorCode::Usage, fmt::format("{} each have an operation \"{}\": name the one meant",
                                      fmt::join(services, ", "), id)));
  }
  const std::string service = services.empty() ? "" : services.front();
  const std::optional<Json> found =
      services.empty() ? std::nullopt : control_.operation(id, service);
  if (!found)
    return call.exchange.reply(
        failure(ErrorCode::Unknown, fmt::format("there is no operation \"{}\"", id)));
  if (call.query("wait").value_or("") == "1") {
    return call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
      control_.attach(id, std::move(watcher), service);
    });
  }
  call.exchange.reply({{"ok", true}, {"operation", *found}});
}

void Api::figures(Call& call) {
  const std::string window = call.query("window").value_or("15m");
  if (window != "15m" && window != "24h") {
    return call.exchange.reply(
        failure(ErrorCode::Usage, fmt::format("window: \"{}\" must be 15m or 24h", window)));
  }
  const std::string service = call.query("service").value_or("");
  if (!service.empty() && !is_known(call, service)) return;
  Access seen = call.access();
  if (!service.empty()) seen.services = {service};
  Json object = {{"ok", true}};
  object.update(
      visible_part(figures_object(telemetry_.figures(),
                                  window == "15m" ? FiguresWindow::Minutes : FiguresWindow::Day,
                                  telemetry_.collected_at()),
                   seen));
  call.exchange.reply(object);
}

// They name every service.
void Api::metrics(Call& call) {
  Demand demand{"GET /metrics", Role::Viewer};
  demand.changes_all = true;  // as for these, all services are needed
  if (is_refused(call, refusal(call.access(), demand))) return;
  call.exchange.reply_bytes("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
                            metrics_());
}

void Api::events(Call& call) {
  const std::string service = call.query("service").value_or("");
  if (!service.empty() && !is_known(call, service)) return;
  call.exchange.follow(telemetry_, service);
}

void Api::run_switch(Call& call) {
  ParseResult<SwitchCommand> parsed = parse_switch(call.body, call.captured[0]);
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.run_switch(parsed->command, call.caller, std::move(watcher));
  });
}

void Api::run_rollback(Call& call) {
  ParseResult<RollbackCommand> parsed = parse_rollback(call.body, call.captured[0]);
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.run_rollback(parsed->command, call.caller, std::move(watcher));
  });
}

void Api::set_server_state(Call& call) {
  ParseResult<ServerStateCommand> parsed =
      parse_server_state(call.body, {call.captured[0], call.captured[1], call.captured[2]});
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.set_server_state(parsed->command, call.caller, std::move(watcher));
  });
}

void Api::wait(Call& call) {
  ParseResult<WaitCommand> parsed = parse_wait(call.body, call.captured[0]);
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.wait(parsed->command, call.caller, std::move(watcher));
  });
}

void Api::lock(Call& call) {
  ParseResult<LockCommand> parsed = parse_lock(call.body, call.captured[0]);
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.lock(parsed->command, call.caller, std::move(watcher));
  });
}

void Api::unlock(Call& call) {
  ParseResult<UnlockCommand> parsed = parse_unlock(call.body, call.captured[0]);
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.unlock(parsed->command, call.caller, std::move(watcher));
  });
}

void Api::reload(Call& call) {
  ParseResult<ServiceCommand> parsed = parse_reload(call.body);
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.reload(call.caller, std::move(watcher));
  });
}

void Api::upgrade(Call& call) {
  ParseResult<UpgradeCommand> parsed = parse_upgrade(call.body);
  if (!call.accepts(parsed)) return;
  call.exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
    control_.upgrade(parsed->command, call.caller, std::move(watcher));
  });
}

}  // namespace tealgate
