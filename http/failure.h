// Every bad end that an exchange or an attempt can have, and the one table that says what follows
// from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tealgate {

enum class Failure : std::uint8_t {
  None,
  // The client's doing. All but ClientAbort, ClientStalled, MisdirectedRequest and OriginRefused
  // close the connection.
  BadRequest,          // malformed or ambiguous: 400
  HeadTimeout,         // the head came too slowly: 408
  BodyTimeout,         // the body stalled: 408
  BodyTooLarge,        // 413
  UriTooLong,          // 414
  ExpectationFailed,   // an Expect that is not 100-continue: 417
  HeadTooLarge,        // 431
  MethodNotAllowed,    // CONNECT: 405
  UnsupportedCoding,   // an unknown transfer coding, an unknown method: 501
  UnsupportedVersion,  // 505
  MisdirectedRequest,  // no service for this host: 421
  OriginRefused,       // a preflight of an origin that the service does not declare: 403
  ClientAbort,         // the client left before the end of the answer
  ClientStalled,       // the client does not take its answer
  PlainHttp,           // HTTP where TLS was expected: 400
  TlsFailed,           // the TLS handshake failed, or nonsense came in place of it
  ProxyProtocol,       // a PROXY header that is missing, malformed, late, or of a peer that is not
                       // trusted
  // The server's doing, or the way to it.
  ConnectRefused,
  ConnectTimeout,
  ConnectFailed,     // unreachable, ...
  ServerTlsFailed,   // the TLS handshake failed, or its certificate is not to be trusted
  ClosedWhenReused,  // a reused connection closed before the first response byte
  ClosedEarly,       // a fresh connection closed or was reset before the first response byte
  HeadCut,           // closed inside the response head
  ResponseTimeout,   // no response head in time
  BadResponse,       // malformed head or body framing
  BodyCut,           // closed inside the response body
  BodyStalled,       // no response byte in time, within the body
  StreamIdle,        // a tunnel or an event stream in which nothing was said for too long
  // Ours.
  NoDescriptors,   // none left to connect with: 503
  NoServer,        // nobody eligible to ask: 503
  DrainCut,        // cut by a drain's deadline: 504 if no head went out
  DrainClose,      // a stream that a drain, or the daemon's end, closed properly
  Stopping,        // cut by the daemon's end
  OverallTimeout,  // the exchange as a whole took too long
};

constexpr std::size_t kFailures = static_cast<std::size_t>(Failure::OverallTimeout) + 1;

enum class RetryRule : std::uint8_t {
  Never,
  AnyMethod,     // nothing was written to the server: another server, any method
  IfReplayable,  // idempotent and its body wholly buffered
  IfConfigured,  // the same, and the operator wants it, and the retry budget allows it
};

enum class Fault : std::uint8_t { Nobody, Client, Server, Proxy };

struct FailureFacts {
  int status;  // for our own reply while no head went out; 0: no reply, the connection is cut
  std::string_view end;  // the access log's `end` word
  RetryRule retry;
  Fault fault;
  std::string_view title;  // for the error page: "The server did not answer in time"
};

const FailureFacts& facts_of(Failure failure);

}  // namespace tealgate
