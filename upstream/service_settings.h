// What an operator sets for a service, as plain values: control parses them, the proxy obeys them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/cors.h"
#include "http/error_pages.h"
#include "http/header_rules.h"

namespace tealgate {

using namespace std::chrono_literals;

struct Timeouts {
  Duration connect = 2s;
  Duration request_head = 10s;   // from the first byte of a head to its end
  Duration request_body = 30s;   // between two reads of a request body
  Duration response = 60s;       // from the request's end to the response head
  Duration between_bytes = 60s;  // between two reads of a response body
  Duration write = 60s;          // a client that takes nothing of its answer
  Duration idle = 75s;           // a client's connection between requests
  Duration stream = 1h;          // a tunnel or an event stream in which neither side says anything
  Duration exchange = 0s;        // the whole exchange with its retries; 0 = unbounded
};

// What a request's body may be.
struct BodyLimits {
  std::uint64_t bytes = 0;   // 0: any size
  std::uint64_t rate = 256;  // bytes a second at least, on average, after Timeouts::request_body
};

struct RetrySettings {
  unsigned attempts = 3;                   // tries of one exchange, the first included
  std::uint64_t buffer_bytes = 64 * 1024;  // how much of a request body is kept for a retry
  bool on_timeout = false;       // a response head that is too late is asked for once more
  std::vector<int> on_statuses;  // answers in whose place another server is asked
  unsigned budget_percent = 20;  // of the exchanges in flight may be on one of these two retries
  // Whether requests of other than idempotent methods may be sent twice.
  enum class NonIdempotent : std::uint8_t { Never, WithKey, Always };
  NonIdempotent non_idempotent = NonIdempotent::Never;
};

struct HealthSettings {
  enum class Kind : std::uint8_t { Tcp, Http, None };
  Kind kind = Kind::Tcp;
  std::string path = "/";
  std::string
      host;  // of the probe's Host; default: the first plain name in `hosts`, else the address
  std::string method = "GET";
  std::uint16_t port = 0;  // 0: the server's own
  Duration interval = 2s;
  Duration timeout = 1s;
  unsigned rise = 2;
  unsigned fall = 3;
  struct StatusRange {
    int low = 200;
    int high = 299;
  };
  std::vector<StatusRange> expect_status = {StatusRange{}};
  std::string expect_body;  // must occur in the body; empty: not looked at
};

struct SwitchSettings {
  unsigned require_healthy_percent = 100;
  Duration drain = 30s;          // exchanges without a response byte
  Duration stream_drain = 5min;  // responses and uploads still moving
  Duration stream_spread =
      60s;  // over which WebSockets and event streams are closed; 0 = at the end
};

struct HeaderSettings {
  HeaderRules request;
  HeaderRules response;
  bool forwarded = false;  // requests are given Forwarded, too
};

struct ServiceSettings {
  Timeouts timeouts;
  BodyLimits body;
  RetrySettings retries;
  SwitchSettings switching;
  HealthSettings health;
  // Bytes a second that a client takes at least while some wait for it, on average over each
  // Timeouts::write; 0: any.
  std::uint64_t response_rate = 256;
  std::vector<std::string> upgrades = {"websocket"};  // protocols that clients may change to
  HeaderSettings headers;
  std::optional<CorsPolicy> cors;  // none: the server's fields pass as they are
  ErrorPages errors;
};

// What clients may take, whatever service they ask for.
struct ClientLimits {
  unsigned connections = 0;              // over all workers; 0: as the descriptors allow
  unsigned connections_per_address = 0;  // 0: any number
  unsigned requests_per_connection = 0;  // 0: any number
  std::uint64_t head_bytes = 32 * 1024;
  std::uint64_t target_bytes = 16 * 1024;
  unsigned fields = 128;
};

}  // namespace tealgate
