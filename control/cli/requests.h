// Makes requests of the control API of parsed arguments. Pure; docs/control-api.md is the contract.
#pragma once

#include <string>

#include "control/cli/arguments.h"
#include "control/cli/daemon.h"

namespace tealgate::cli {

// What a word such as `green`, `shop/green`, `blue/NAME` or `shop/blue/NAME` names. Parts that it
// leaves open are empty.
struct Target {
  std::string service;
  std::string pool;
  std::string server;
};

Target parse_pool_word(const std::string& word);    // POOL or SERVICE/POOL
Target parse_server_word(const std::string& word);  // NAME, POOL/NAME or SERVICE/POOL/NAME

// A POST about `service`: "switch", "rollback", "wait", "lock", "unlock"; the flags become the
// body, `token` its lock.
Request service_request(const Arguments& arguments, const std::string& service,
                        const std::string& token);

// drain, ready, maint: a POST about a server, all of whose parts are known.
Request server_request(const Arguments& arguments, const Target& target, const std::string& token);

Request reload_request(const Arguments& arguments);
Request upgrade_request(const Arguments& arguments);
Request status_request(const std::string& service);  // of all services if it is empty
Request history_request(const Arguments& arguments);
// Streamed until it is over; `service` may be empty.
Request operation_request(const std::string& id, const std::string& service);

// Percent-encodes what may not stand in a path segment or a query's value.
std::string encoded(const std::string& text);

}  // namespace tealgate::cli
