#include "http/failure.h"

#include <iterator>

#include "base/check.h"

namespace tealgate {

namespace {

using enum RetryRule;

// In the order of the enumerators. Statuses of failures after which a head is usually out hold for
// when it is not.
constexpr FailureFacts kFacts[] = {
    {0, "ok", Never, Fault::Nobody, "No failure"},
    // BadRequest … ProxyProtocol
    {400, "bad_request", Never, Fault::Client, "The request is malformed"},
    {408, "head_timeout", Never, Fault::Client, "The request came too slowly"},
    {408, "body_timeout", Never, Fault::Client, "The request's body came too slowly"},
    {413, "body_too_large", Never, Fault::Client, "The request's body is too large"},
    {414, "uri_too_long", Never, Fault::Client, "The request's address is too long"},
    {417, "expectation_failed", Never, Fault::Client, "The request expects what is unknown here"},
    {431, "head_too_large", Never, Fault::Client, "The request's head is too large"},
    {405, "method_not_allowed", Never, Fault::Client, "This method is not allowed here"},
    {501, "not_implemented", Never, Fault::Client, "The request asks for what is unknown here"},
    {505, "unsupported_version", Never, Fault::Client, "This version of HTTP is not supported"},
    {421, "misdirected", Never, Fault::Client, "Nothing is served under this name here"},
    {403, "origin_refused", Never, Fault::Client, "This origin is not allowed here"},
    {0, "client_abort", Never, Fault::Client, "The client left"},
    {0, "client_stalled", Never, Fault::Client, "The client did not take its answer"},
    {400, "plain_http", Never, Fault::Client, "This port speaks HTTPS"},
    {0, "tls_failed", Never, Fault::Client, "The TLS handshake failed"},
    {0, "proxy_protocol", Never, Fault::Client, "No PROXY header that may be believed"},
    // ConnectRefused … StreamIdle
    {502, "connect_refused", AnyMethod, Fault::Server, "The server cannot be reached"},
    {504, "connect_timeout", AnyMethod, Fault::Server, "The server cannot be reached in time"},
    {502, "connect_failed", AnyMethod, Fault::Server, "The server cannot be reached"},
    {502, "upstream_tls", AnyMethod, Fault::Server, "The server cannot be trusted"},
    // A keep-alive race, which is nobody's fault.
    {502, "upstream_closed_idle", IfReplayable, Fault::Nobody, "The server closed the connection"},
    {502, "upstream_reset", IfReplayable, Fault::Server, "The server closed the connection"},
    {502, "head_cut", Never, Fault::Server, "The server broke off its answer"},
    {504, "response_timeout", IfConfigured, Fault::Server, "The server did not answer in time"},
    {502, "bad_response", Never, Fault::Server, "The server's answer is malformed"},
    {502, "body_cut", Never, Fault::Server, "The server broke off its answer"},
    {504, "body_stalled", Never, Fault::Server, "The server did not finish its answer in time"},
    {0, "stream_idle", Never, Fault::Nobody, "Nothing was said for too long"},
    // NoDescriptors … OverallTimeout
    {503, "no_descriptors", Never, Fault::Proxy, "This proxy is overloaded"},
    {503, "no_server", Never, Fault::Proxy, "No server is available"},
    {504, "drain_cut", Never, Fault::Proxy, "The server was taken out before it answered"},
    {0, "drain_close", Never, Fault::Nobody, "The server is taken out"},
    {503, "stopping", Never, Fault::Proxy, "This proxy is stopping"},
    {504, "overall_timeout", Never, Fault::Nobody, "The request took too long"},
};

static_assert(std::size(kFacts) == static_cast<std::size_t>(Failure::OverallTimeout) + 1);

}  // namespace

const FailureFacts& facts_of(Failure failure) {
  const auto index = static_cast<std::size_t>(failure);
  CHECK(index < std::size(kFacts), "a Failure without facts");
  return kFacts[index];
}

}  // namespace tealgate
