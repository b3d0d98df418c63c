#include "control/dashboard_door.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "upstream/route_table.h"

namespace tealgate {

namespace {

constexpr std::string_view kScheme = "Bearer";

tl::unexpected<DashboardDoor::Refused> forbidden(std::string message) {
  return tl::make_unexpected(
      DashboardDoor::Refused{{{ErrorCode::Forbidden, std::move(message), nullptr, ""}}});
}

tl::unexpected<DashboardDoor::Refused> unauthorised(std::string message) {
  return tl::make_unexpected(DashboardDoor::Refused{
      {{ErrorCode::Forbidden, std::move(message), nullptr, ""}, 401, std::string(kChallenge)}});
}

tl::unexpected<DashboardDoor::Refused> too_many(Duration wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return tl::make_unexpected(DashboardDoor::Refused{
      {{ErrorCode::Forbidden,
        fmt::format("too many wrong tokens came from this address: none is looked at for {} s",
                    seconds),
        nullptr, ""},
       429,
       fmt::format("Retry-After: {}\r\n", seconds)}});
}

// "Bearer abc" → "abc" (RFC 6750 2.1; the scheme in any case). Empty: it is not that.
std::string_view shown_token(std::string_view authorization) {
  const std::size_t space = authorization.find(' ');
  if (space == authorization.npos) return {};
  if (!equals_ignoring_case(authorization.substr(0, space), kScheme)) return {};
  const std::size_t begin = authorization.find_first_not_of(' ', space);
  return begin == authorization.npos ? std::string_view() : authorization.substr(begin);
}

bool is_answered_to(std::string_view host, const DashboardConfig& config,
                    std::string_view written) {
  return is_own_host(host, written) ||
         std::ranges::find(config.hosts, normalise_host(host)) != config.hosts.end();
}

}  // namespace

Result<DashboardDoor::Entry, DashboardDoor::Refused> DashboardDoor::enter(
    const DashboardConfig& config, Reading reading, const Visitor& visitor, TimePoint now) {
  if (!is_answered_to(visitor.host, config, written_)) {
    return forbidden(
        "this address answers to IP addresses, localhost, its configured name and "
        "control.dashboard.hosts only");
  }
  if (visitor.origin && !is_own_origin(*visitor.origin, visitor.host))
    return forbidden("pages of other sites may not read here");
  if (visitor.authorization) return with_token(config, visitor, now);
  Entry entry;
  entry.caller.by = visitor.from.to_string();
  entry.access.role = reading == Reading::Free ? Role::Viewer : Role::None;
  entry.access.place = "the dashboard's address without a token";
  entry.access.knows_tokens = !config.tokens.empty();
  return entry;
}

Result<DashboardDoor::Entry, DashboardDoor::Refused> DashboardDoor::with_token(
    const DashboardConfig& config, const Visitor& visitor, TimePoint now) {
  if (const auto wait = guesses_.wait(visitor.from, now)) return too_many(*wait);
  const std::string_view shown = shown_token(*visitor.authorization);
  if (shown.empty()) return unauthorised("Authorization must be: Bearer TOKEN");
  const DashboardToken* const token = find_token(config, shown);
  if (!token) {
    guesses_.add(visitor.from, now);
    auto refused = unauthorised("the token is not one of control.dashboard.tokens");
    refused.value().is_guess = true;
    return refused;
  }
  Entry entry;
  entry.caller.by = token->name;
  entry.caller.token = token->name;
  entry.access = {token->role, token->services, fmt::format("the token \"{}\"", token->name), true};
  return entry;
}

bool is_own_host(std::string_view authority, std::string_view written) {
  const std::string host = normalise_host(authority);
  if (host.empty()) return false;
  if (host == "localhost" || host == normalise_host(written)) return true;
  return SocketAddress::parse(host + ":80", SocketAddress::EmptyHost::Loopback).has_value();
}

bool is_own_origin(std::string_view origin, std::string_view authority) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) {
      return equals_ignoring_case(origin.substr(scheme.size()), authority);
    }
  }
  return false;
}

const DashboardToken* find_token(const DashboardConfig& config, std::string_view shown) {
  const Sha256 hash = sha256(shown);
  const DashboardToken* found = nullptr;
  for (const DashboardToken& token : config.tokens) {
    if (is_same_digest(token.sha256, hash)) found = &token;
  }
  return found;
}

}  // namespace tealgate
