#include "http/header_rules.h"

#include <algorithm>
#include <array>

#include "http/field_name.h"
#include "http/forwarding.h"
#include "http/h1_writer.h"

namespace tealgate {

namespace {

// What the proxy writes into requests itself, or must agree with the server on.
constexpr auto kOursUpwards = std::to_array<std::string_view>(
    {"x-request-id", "via", "forwarded", "x-forwarded-for", "expect"});
constexpr auto kOursDownwards = std::to_array<std::string_view>({"x-request-id", "via", "date"});
// What our own replies say of themselves, or what would be untrue of them.
constexpr auto kOfOneReply = std::to_array<std::string_view>(
    {"content-type", "content-encoding", "content-language", "content-location",
     "content-disposition", "content-range", "content-md5", "accept-ranges", "etag",
     "last-modified", "cache-control", "cdn-cache-control", "surrogate-control", "expires", "age",
     "pragma", "retry-after", "allow", "location"});
// What is in every request, and once.
constexpr auto kSingle =
    std::to_array<std::string_view>({"host", "x-forwarded-proto", "x-forwarded-host"});

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::ranges::any_of(names, [&](std::string_view one) { return folds_to(name, one); });
}

std::string folded(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c == '_') c = '-';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return lower;
}

}  // namespace

std::string_view HeaderRules::why_not(Side side, Change change, std::string_view name) {
  if (!is_field_name(name)) return "is not a field name";
  if (is_hop_by_hop(name)) return "concerns one connection or frames a message";
  const bool is_ours =
      side == Side::Request ? is_one_of(name, kOursUpwards) : is_one_of(name, kOursDownwards);
  if (is_ours) return "is Tealgate's own business";
  if (side == Side::Response) {
    return folds_to(name, "host") ? std::string_view("is a field of requests") : std::string_view();
  }
  if (change == Change::Add && is_one_of(name, kSingle)) return "may stand only once: set it";
  if (change == Change::Remove && folds_to(name, "host")) return "is in every request";
  return {};
}

void HeaderRules::set(std::string_view name, const std::vector<std::string>& values) {
  if (folds_to(name, "host") && !values.empty()) {
    host_ = values.front();
    return;
  }
  remove(name);
  for (const std::string& value : values) add(name, value);
}

void HeaderRules::add(std::string_view name, std::string_view value) {
  append_field(lines_, name, value);
  if (!is_one_of(name, kOfOneReply)) append_field(own_reply_lines_, name, value);
}

void HeaderRules::remove(std::string_view name) {
  removed_.push_back(folded(name));
}

bool HeaderRules::takes_out(std::string_view name) const {
  if (!prefix_.empty() && begins_like(name, prefix_)) return true;
  return std::ranges::any_of(removed_,
                             [name](const std::string& one) { return folds_to(name, one); });
}

}  // namespace tealgate
