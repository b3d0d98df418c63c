#include "control/api.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/api_call.h"
#include "control/control_loop.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

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

// The route that a request fits, and what the braces of its pattern stand for; or the method that
// its path takes instead.
struct Api::Match {
  const Route* route = nullptr;
  std::vector<std::string> captured = {};
  std::string allowed = {};
};

Api::Match Api::find_route(const ApiRequest& request) {
  const std::string_view method =
      request.method == "HEAD" ? "GET" : std::string_view(request.method);
  std::string allowed;
  for (const Route& route : routes()) {
    std::optional<std::vector<std::string>> captured = match_path(route.pattern, request.path);
    if (!captured) continue;
    if (route.method == method) return {&route, std::move(*captured)};
    allowed = route.method;
  }
  return {nullptr, {}, allowed};
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
  auto exchange = std::make_unique<ApiExchange>(control_, std::move(request), writer,
                                                [this](ApiExchange& whole) { dispatch(whole); });
  if (!head.framing.has_body()) return exchange;
  if (!admits(*exchange)) {
    writer.discard_body();
  } else if (head.expects_continue()) {
    writer.send_interim(100, "");
  }
  return exchange;
}

// Answers who may not do what the head asks for; nobody waits for his body.
bool Api::admits(ApiExchange& exchange) {
  const ApiRequest& request = exchange.request();
  Match match = find_route(request);
  if (match.route == nullptr) return true;
  const nlohmann::json nobody;
  const Call call{exchange, std::move(match.captured), nobody, request.caller};
  return !is_refused(call, obstacle(*match.route, call));
}

std::unique_ptr<RequestAnswerer> Api::refuse(const RequestHead& head, ResponseWriter& writer,
                                             Refusal refusal) {
  ApiRequest request{std::string(head.method), std::string(head.path), "", "", Caller(), Access()};
  auto exchange = std::make_unique<ApiExchange>(control_, std::move(request), writer, nullptr);
  const Json object = error_object(refusal.error);
  // At once: a client that expects 100 sends no body before.
  if (head.framing.has_body()) writer.discard_body();
  exchange->reply(object, {refusal.status != 0 ? refusal.status : http_status_of(object),
                           std::move(refusal.fields)});
  return exchange;
}

void Api::note_refusal(std::string_view who, const CommandError& why) {
  refusals_.add(who, why, Clock::now());
}

void Api::dispatch(ApiExchange& exchange) {
  const ApiRequest& request = exchange.request();
  if (const auto part = undecodable_part(request.query)) {
    return exchange.refuse(
        {ErrorCode::Usage, fmt::format("\"{}\" in the query is no percent-encoded UTF-8", *part)});
  }
  Match match = find_route(request);
  if (match.route != nullptr) return carry_out(*match.route, exchange, std::move(match.captured));
  if (match.allowed.empty()) {
    return exchange.refuse({ErrorCode::Unknown, "there is no " + request.path});
  }
  exchange.reply(
      error_object({ErrorCode::MethodNotAllowed, request.path + " takes " + match.allowed}),
      {405, "Allow: " + match.allowed + "\r\n"});
}

void Api::carry_out(const Route& route, ApiExchange& exchange, std::vector<std::string> captured) {
  nlohmann::json body;
  Call call{exchange, std::move(captured), body, exchange.request().caller};
  if (is_refused(call, obstacle(route, call))) return;
  if (route.method == "POST") {
    Result<nlohmann::json, CommandError> parsed = parse_body(exchange.request().body);
    if (!parsed) return exchange.refuse(parsed.error());
    body = std::move(*parsed);
    const bool forces = body.value("force", nlohmann::json()) == true;
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
  const bool takes_token = call.access().knows_tokens && caller.token.empty();
  if (call.access().role == Role::None || takes_token) {
    call.exchange.reply(error_object(*why), {401, std::string(kChallenge)});
  } else {
    call.exchange.refuse(*why);
  }
  return true;
}

}  // namespace tealgate
