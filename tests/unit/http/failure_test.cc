// The table of bad ends.
#include "http/failure.h"

#include <doctest/doctest.h>

#include <set>

#include "http/status.h"

using namespace tealgate;

TEST_CASE("Failure: every one has an end word of its own, a title and a sensible status") {
  std::set<std::string_view> ends;
  for (std::size_t i = 0; i < kFailures; ++i) {
    const FailureFacts& facts = facts_of(static_cast<Failure>(i));
    CAPTURE(facts.end);
    CHECK(ends.insert(facts.end).second);
    CHECK_FALSE(facts.title.empty());
    CHECK((facts.status == 0 || (facts.status >= 400 && facts.status < 600)));
    if (facts.status != 0) CHECK(standard_reason(facts.status) != "Unknown");
  }
}

TEST_CASE("Failure: the table is in the order of the enumerators") {
  const std::pair<Failure, std::string_view> words[] = {
      {Failure::None, "ok"},
      {Failure::BadRequest, "bad_request"},
      {Failure::HeadTimeout, "head_timeout"},
      {Failure::HeadTooLarge, "head_too_large"},
      {Failure::MisdirectedRequest, "misdirected"},
      {Failure::OriginRefused, "origin_refused"},
      {Failure::ClientAbort, "client_abort"},
      {Failure::ClientStalled, "client_stalled"},
      {Failure::ConnectRefused, "connect_refused"},
      {Failure::ConnectTimeout, "connect_timeout"},
      {Failure::ConnectFailed, "connect_failed"},
      {Failure::ClosedEarly, "upstream_reset"},
      {Failure::ResponseTimeout, "response_timeout"},
      {Failure::BadResponse, "bad_response"},
      {Failure::BodyCut, "body_cut"},
      {Failure::PlainHttp, "plain_http"},
      {Failure::TlsFailed, "tls_failed"},
      {Failure::ProxyProtocol, "proxy_protocol"},
      {Failure::ServerTlsFailed, "upstream_tls"},
      {Failure::NoDescriptors, "no_descriptors"},
      {Failure::NoServer, "no_server"},
      {Failure::DrainCut, "drain_cut"},
      {Failure::Stopping, "stopping"},
      {Failure::OverallTimeout, "overall_timeout"},
  };
  for (const auto& [failure, word] : words) CHECK(facts_of(failure).end == word);
}

TEST_CASE("Failure: statuses are those of RFC 9110") {
  const std::pair<Failure, int> statuses[] = {
      {Failure::BadRequest, 400},         {Failure::HeadTimeout, 408},
      {Failure::BodyTimeout, 408},        {Failure::BodyTooLarge, 413},
      {Failure::UriTooLong, 414},         {Failure::ExpectationFailed, 417},
      {Failure::HeadTooLarge, 431},       {Failure::MethodNotAllowed, 405},
      {Failure::UnsupportedCoding, 501},  {Failure::UnsupportedVersion, 505},
      {Failure::MisdirectedRequest, 421}, {Failure::ClientAbort, 0},
      {Failure::ClientStalled, 0},        {Failure::ConnectRefused, 502},
      {Failure::ConnectTimeout, 504},     {Failure::ResponseTimeout, 504},
      {Failure::BadResponse, 502},        {Failure::NoServer, 503},
      {Failure::DrainCut, 504},           {Failure::Stopping, 503},
  };
  for (const auto& [failure, status] : statuses) {
    CAPTURE(facts_of(failure).end);
    CHECK(facts_of(failure).status == status);
  }
}

TEST_CASE("Failure: only what cannot have been executed twice is retried") {
  for (std::size_t i = 0; i < kFailures; ++i) {
    const auto failure = static_cast<Failure>(i);
    RetryRule expected = RetryRule::Never;
    switch (failure) {
      case Failure::ConnectRefused:
      case Failure::ConnectTimeout:
      case Failure::ConnectFailed:
      case Failure::ServerTlsFailed:
        expected = RetryRule::AnyMethod;
        break;
      case Failure::ResponseTimeout:
        expected = RetryRule::IfConfigured;
        break;
      case Failure::ClosedWhenReused:
      case Failure::ClosedEarly:
        expected = RetryRule::IfReplayable;
        break;
      default:
        break;
    }
    CAPTURE(facts_of(failure).end);
    CHECK(facts_of(failure).retry == expected);
  }
}

TEST_CASE("Failure: a close of a reused connection is not held against the server") {
  CHECK(facts_of(Failure::ClosedWhenReused).fault == Fault::Nobody);
  CHECK(facts_of(Failure::NoDescriptors).fault == Fault::Proxy);
  CHECK(facts_of(Failure::ClosedEarly).fault == Fault::Server);
  CHECK(facts_of(Failure::ClientAbort).fault == Fault::Client);
}
