// The API's endpoints that change nothing.
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/suggest.h"
#include "control/api_call.h"
#include "control/control_loop.h"
#include "control/page_assets.h"
#include "control/scalar_values.h"
#include "control/telemetry.h"
#include "control/visible.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned kDefaultHistory = 50;
constexpr int kApiVersion = 1;

}  // namespace

void Api::page(Call& call) {
  const ApiRequest& request = call.exchange.request();
  const PageAsset* const asset = find_page_asset(request.path);
  if (!asset)  // the same path in another spelling
    return call.exchange.refuse({ErrorCode::Unknown, "there is no " + request.path});
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
  call.exchange.refuse({ErrorCode::Unknown, fmt::format("there is no service \"{}\"", service),
                        nullptr, meant.empty() ? "" : fmt::format("did you mean {}?", meant)});
  return false;
}

void Api::history(Call& call) {
  const std::string wanted = call.query("limit").value_or(std::to_string(kDefaultHistory));
  const Result<unsigned> limit = parse_number(wanted);
  if (!limit || *limit == 0) {
    return call.exchange.refuse(
        {ErrorCode::Usage, fmt::format("limit: \"{}\" must be a number above 0", wanted)});
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
    return call.exchange.refuse(
        {ErrorCode::Usage, fmt::format("{} each have an operation \"{}\": name the one meant",
                                       fmt::join(services, ", "), id)});
  }
  const std::string service = services.empty() ? "" : services.front();
  const std::optional<Json> found =
      services.empty() ? std::nullopt : control_.operation(id, service);
  if (!found)
    return call.exchange.refuse(
        {ErrorCode::Unknown, fmt::format("there is no operation \"{}\"", id)});
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
    return call.exchange.refuse(
        {ErrorCode::Usage, fmt::format("window: \"{}\" must be 15m or 24h", window)});
  }
  const std::string service = call.query("service").value_or("");
  if (!service.empty() && !is_known(call, service)) return;
  Access seen = call.access();
  if (!service.empty()) seen.services = {service};
  const SharedJson& whole =
      telemetry_.whole_figures(window == "15m" ? FiguresWindow::Minutes : FiguresWindow::Day);
  if (!seen.services)
    return call.exchange.reply_bytes("Content-Type: application/json\r\n",
                                     R"({"ok":true,)" + whole.text().substr(1) + "\n");
  Json object = {{"ok", true}};
  object.update(visible_part(whole.object(), seen));
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
  const auto via = call.caller.uid ? Telemetry::Via::Socket : Telemetry::Via::Network;
  const std::size_t most = Telemetry::most_readers(via);
  if (telemetry_.readers(via) >= most) {
    const std::string why =
        fmt::format("{} follow already, as many as may; others still ask", most);
    return call.exchange.reply(error_object({ErrorCode::Conflict, why}),
                               {503, "Retry-After: 10\r\n"});
  }
  call.exchange.follow(telemetry_, via, service);
}

}  // namespace tealgate
