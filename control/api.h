// The control API: which request means what. The contract is docs/control-api.md.
//
// It turns requests into commands for the ControlLoop and into reports; sockets, connections and
// who may connect are control_socket's and dashboard's. Control loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/access.h"
#include "control/api_exchange.h"
#include "control/refusal_log.h"
#include "control/status_report.h"
#include "http/request_handler.h"

namespace tealgate {

class ControlLoop;
class Telemetry;

class Api {
 public:
  // What it reads from, which must outlive it. `metrics` makes the text of /metrics.
  struct Sources {
    ControlLoop& control;
    Telemetry& telemetry;
    DaemonFacts facts;
    std::function<std::string()> metrics;
  };
  explicit Api(Sources sources);

  // Answers a request of `peer`, whose `by` is used where the request claims none, with what
  // `access` permits.
  std::unique_ptr<RequestAnswerer> answer(const RequestHead& head, ResponseWriter& writer,
                                          const Caller& peer, const Access& access);

  // Answers a request with an error, whatever it asks.
  struct Refusal {
    CommandError error;
    int status = 0;           // 0: the error's own
    std::string fields = {};  // more of them, complete lines
  };
  std::unique_ptr<RequestAnswerer> refuse(const RequestHead& head, ResponseWriter& writer,
                                          Refusal refusal);
  // The log of those refused.
  void note_refusal(std::string_view who, const CommandError& why);

  struct Endpoint {
    std::string name;  // "POST /v1/services/{s}/switch"
    Role role;         // that it takes
  };
  static std::vector<Endpoint> endpoints();

 private:
  struct Route;
  struct Match;
  struct Call;
  static const std::vector<Route>& routes();
  static Match find_route(const ApiRequest& request);

  bool admits(ApiExchange& exchange);
  void dispatch(ApiExchange& exchange);
  void carry_out(const Route& route, ApiExchange& exchange, std::vector<std::string> captured);
  // Why the caller may not do this; nothing: he may.
  std::optional<CommandError> obstacle(const Route& route, const Call& call) const;
  // Whether it is so; then it is answered.
  bool is_refused(const Call& call, const std::optional<CommandError>& why);

  void page(Call& call);
  void whoami(Call& call);
  bool is_known(Call& call, const std::string& service) const;
  void health(Call& call);
  void version(Call& call);
  void status(Call& call);
  void service(Call& call);
  void history(Call& call);
  void operation(Call& call);
  void figures(Call& call);
  void metrics(Call& call);
  void events(Call& call);
  void run_switch(Call& call);
  void run_rollback(Call& call);
  void set_server_state(Call& call);
  void wait(Call& call);
  void lock(Call& call);
  void unlock(Call& call);
  void reload(Call& call);
  void upgrade(Call& call);

  ControlLoop& control_;
  Telemetry& telemetry_;
  DaemonFacts facts_;
  std::function<std::string()> metrics_;
  RefusalLog refusals_;
};

}  // namespace tealgate
