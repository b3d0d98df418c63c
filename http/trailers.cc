#include "http/trailers.h"

#include <algorithm>
#include <iterator>

#include "http/field_name.h"
#include "http/forwarding.h"
#include "http/h1_writer.h"

namespace tealgate {

namespace {

// All fields that begin so. Some of them would do no harm; none is known as a trailer.
constexpr std::string_view kForbiddenBeginnings[] = {
    "accept", "access-control-", "content-", "if-", "proxy-", "sec-", "x-forwarded-"};

// The exceptions: digests are known only when the body has gone (RFC 9530 2).
constexpr std::string_view kDigests[] = {"content-digest", "content-md5"};

// The categories of RFC 9110 6.5.1: routing, request modifiers, authentication, response control;
// and what this proxy says itself.
constexpr std::string_view kForbidden[] = {"host",
                                           "expect",
                                           "max-forwards",
                                           "range",
                                           "origin",
                                           "authorization",
                                           "www-authenticate",
                                           "cookie",
                                           "set-cookie",
                                           "age",
                                           "cache-control",
                                           "pragma",
                                           "expires",
                                           "date",
                                           "location",
                                           "retry-after",
                                           "vary",
                                           "warning",
                                           "via",
                                           "forwarded",
                                           "x-real-ip",
                                           "x-request-id",
                                           "clear-site-data",
                                           "refresh",
                                           "strict-transport-security"};

}  // namespace

bool may_be_trailer(std::string_view name) {
  const auto is_it = [name](std::string_view known) { return folds_to(name, known); };
  const auto begins = [name](std::string_view known) { return begins_like(name, known); };
  if (std::any_of(std::begin(kDigests), std::end(kDigests), is_it)) return true;
  return !is_hop_by_hop(name) &&
         std::none_of(std::begin(kForbidden), std::end(kForbidden), is_it) &&
         std::none_of(std::begin(kForbiddenBeginnings), std::end(kForbiddenBeginnings), begins);
}

void append_trailers(std::string& out, const std::vector<Field>& trailers,
                     const HeaderRules* rules) {
  for (const Field& field : trailers) {
    if (!may_be_trailer(field.name) || (rules && rules->takes_out(field.name))) continue;
    append_field(out, field.name, field.value);
  }
}

}  // namespace tealgate
