#include "control/api.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/suggest.h"
#include "control/api_requests.h"
#include "control/control_loop.h"
#include "control/figures_report.h"
#include "control/request_target.h"
#include "control/scalar_values.h"
#include "control/telemetry.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned kDefaultHistory = 50;
constexpr int kApiVersion = 1;

Json refusal(ErrorCode code, std::string message, std::string hint = {}) {
  return error_object({code, std::move(message), nullptr, std::move(hint)});
}

}  // namespace

struct Api::Route {
  std::string_view method;
  std::string_view pattern;
  void (Api::*handler)(Call&);
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
    if (!parsed->by.empty()) caller.by = parsed->by;
    return true;
  }
  std::optional<std::string> query(std::string_view name) const {
    return query_value(exchange.request().query, name);
  }
};

const std::vector<Api::Route>& Api::routes() {
  static const std::vector<Route> kRoutes = {
      {"GET", "/healthz", &Api::health},
      {"GET", "/v1/version", &Api::version},
      {"GET", "/v1/status", &Api::status},
      {"GET", "/v1/services/{s}", &Api::service},
      {"GET", "/v1/history", &Api::history},
      {"GET", "/v1/operations/{id}", &Api::operation},
      {"GET", "/v1/figures", &Api::figures},
      {"GET", "/v1/events", &Api::events},
      {"GET", "/metrics", &Api::metrics},
      {"POST", "/v1/services/{s}/switch", &Api::run_switch},
      {"POST", "/v1/services/{s}/rollback", &Api::run_rollback},
      {"POST", "/v1/services/{s}/pools/{p}/servers/{name}/state", &Api::set_server_state},
      {"POST", "/v1/services/{s}/wait", &Api::wait},
      {"POST", "/v1/services/{s}/lock", &Api::lock},
      {"POST", "/v1/services/{s}/unlock", &Api::unlock},
      {"POST", "/v1/reload", &Api::reload},
      {"POST", "/v1/upgrade", &Api::upgrade},
  };
  return kRoutes;
}

std::vector<std::string> Api::endpoints() {
  std::vector<std::string> all;
  for (const Route& route : routes())
    all.push_back(fmt::format("{} {}", route.method, route.pattern));
  return all;
}

Api::Api(Sources sources)
    : control_(sources.control),
      telemetry_(sources.telemetry),
      facts_(std::move(sources.facts)),
      metrics_(std::move(sources.metrics)) {}

std::unique_ptr<RequestAnswerer> Api::answer(const RequestHead& head, ResponseWriter& writer,
                                             const Caller& peer, Access access) {
  ApiRequest request{std::string(head.method),
                     std::string(head.path),
                     std::string(head.query),
                     "",
                     peer,
                     std::string(head.field("Last-Event-ID"))};
  if (head.expects_continue() && head.framing.has_body()) writer.send_interim(100, "");
  return std::make_unique<ApiExchange>(
      control_, std::move(request), writer,
      [this, access](ApiExchange& exchange) { dispatch(exchange, access); });
}

std::unique_ptr<RequestAnswerer> Api::refuse(const RequestHead& head, ResponseWriter& writer,
                                             CommandError error) {
  ApiRequest request{std::string(head.method), std::string(head.path), "", "", Caller()};
  return std::make_unique<ApiExchange>(
      control_, std::move(request), writer,
      [error](ApiExchange& exchange) { exchange.reply(error_object(error)); });
}

void Api::dispatch(ApiExchange& exchange, Access access) {
  const ApiRequest& request = exchange.request();
  const std::string_view method =
      request.method == "HEAD" ? "GET" : std::string_view(request.method);
  if (method != "GET" && access == Access::ReadOnly) {
    return exchange.reply(
        refusal(ErrorCode::Forbidden, "this address is read-only; use the control socket"));
  }
  std::string allowed;
  for (const Route& route : routes()) {
    std::optional<std::vector<std::string>> captured = match_path(route.pattern, request.path);
    if (!captured) continue;
    if (route.method == method) return carry_out(route, exchange, std::move(*captured));
    allowed = route.method;
  }
  if (allowed.empty()) {
    return exchange.reply(refusal(ErrorCode::Unknown, "there is no " + request.path));
  }
  exchange.reply(refusal(ErrorCode::MethodNotAllowed, request.path + " takes " + allowed),
                 "Allow: " + allowed + "\r\n");
}

void Api::carry_out(const Route& route, ApiExchange& exchange, std::vector<std::string> captured) {
  Call call{exchange, std::move(captured), nullptr, exchange.request().caller};
  if (route.method == "POST") {
    Result<nlohmann::json, CommandError> body = parse_body(exchange.request().body);
    if (!body) return exchange.reply(error_object(body.error()));
    call.body = std::move(*body);
  }
  (this->*route.handler)(call);
}

void Api::health(Call& call) {
  call.exchange.reply_text("ok\n");
}

void Api::version(Call& call) {
  call.exchange.reply(
      {{"ok", true}, {"version", facts_.version}, {"pid", facts_.pid}, {"api", kApiVersion}});
}

void Api::status(Call& call) {
  call.exchange.reply(status_object(control_, facts_));
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
  call.exchange.reply(refusal(ErrorCode::Unknown,
                              fmt::format("there is no service \"{}\"", service),
                              meant.empty() ? "" : fmt::format("did you mean {}?", meant)));
  return false;
}

void Api::history(Call& call) {
  const std::string wanted = call.query("limit").value_or(std::to_string(kDefaultHistory));
  const Result<unsigned> limit = parse_number(wanted);
  if (!limit || *limit == 0) {
    return call.exchange.reply(
        refusal(ErrorCode::Usage, fmt::format("limit: \"{}\" must be a number above 0", wanted)));
  }
  const std::string service = call.query("service").value_or("");
  std::vector<Json> entries = control_.history(service, *limit);
  if (entries.empty() && !service.empty() && !is_known(call, service)) return;
  call.exchange.reply({{"ok", true}, {"entries", std::move(entries)}});
}

void Api::operation(Call& call) {
  const std::string& id = call.captured.front();
  if (call.query("wait").value_or("") == "1") {
    return call.exchange.stream(
        [&](std::shared_ptr<CommandWatcher> watcher) { control_.attach(id, std::move(watcher)); });
  }
  const std::optional<Json> found = control_.operation(id);
  if (!found)
    return call.exchange.reply(
        refusal(ErrorCode::Unknown, fmt::format("there is no operation \"{}\"", id)));
  call.exchange.reply({{"ok", true}, {"operation", *found}});
}

void Api::figures(Call& call) {
  const std::string window = call.query("window").value_or("15m");
  if (window != "15m" && window != "24h") {
    return call.exchange.reply(
        refusal(ErrorCode::Usage, fmt::format("window: \"{}\" must be 15m or 24h", window)));
  }
  const std::string service = call.query("service").value_or("");
  if (!service.empty() && !is_known(call, service)) return;
  Json object = {{"ok", true}};
  object.update(figures_object(telemetry_.figures(),
                               window == "15m" ? FiguresWindow::Minutes : FiguresWindow::Day,
                               telemetry_.collected_at()));
  if (!service.empty()) {
    Json one = std::move(object["services"][service]);
    object["services"] = {{service, std::move(one)}};
  }
  call.exchange.reply(object);
}

void Api::metrics(Call& call) {
  call.exchange.reply_bytes("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
                            metrics_());
}

void Api::events(Call& call) {
  const std::string service = call.query("service").value_or("");
  if (!service.empty() && !is_known(call, service)) return;
  call.exchange.follow(
      telemetry_, [service](std::string_view name) { return service.empty() || name == service; });
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
