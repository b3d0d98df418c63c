// A request that fits a route of the API, as its handlers see it (api_reads.cc, api_commands.cc).
// Not the request itself: ApiExchange is, and outlives it. Main thread.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "control/api.h"
#include "control/api_requests.h"
#include "control/command.h"
#include "control/request_target.h"

namespace tealgate {

struct Api::Call {
  ApiExchange& exchange;
  std::vector<std::string> captured;  // the pattern's {…}
  const nlohmann::json& body;         // of a POST
  Caller caller;

  // Has `run` (command, caller, watcher) do what was parsed and streams what comes of it, or
  // refuses.
  template <class Command, class Run>
  void carry_out(const ParseResult<Command>& parsed, const Run& run) {
    if (!parsed) return exchange.refuse(parsed.error());
    if (!parsed->by.empty() && caller.token.empty()) caller.by = parsed->by;
    exchange.stream([&](std::shared_ptr<CommandWatcher> watcher) {
      run(parsed->command, caller, std::move(watcher));
    });
  }
  const Access& access() const { return exchange.request().access; }
  std::optional<std::string> query(std::string_view name) const {
    return query_value(exchange.request().query, name);
  }
};

}  // namespace tealgate
