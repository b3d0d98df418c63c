#include "control/access.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/suggest.h"

namespace tealgate {
namespace {

constexpr std::array<std::string_view, 4> kRoles = {"none", "viewer", "deployer", "admin"};
// Those that somebody can be given.
constexpr std::span<const std::string_view> kGiven = std::span(kRoles).subspan(1);

std::vector<std::string> split_at_commas(std::string_view list) {
  std::vector<std::string> items;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) items.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return items;
}

CommandError forbidden(std::string message, std::string hint = {}) {
  return {ErrorCode::Forbidden, std::move(message), nullptr, std::move(hint)};
}

}  // namespace

std::string_view to_string(Role role) {
  return kRoles[static_cast<std::size_t>(role)];
}

std::optional<Role> parse_role(std::string_view word) {
  const auto found = std::ranges::find(kGiven, word);
  if (found == kGiven.end()) return std::nullopt;
  return static_cast<Role>(found - kGiven.begin() + 1);
}

CommandError unknown_role(std::string_view word) {
  const std::string near = suggest(word, kGiven);
  return {ErrorCode::Usage,
          fmt::format("there is no role \"{}\": it is viewer, deployer or admin", word), nullptr,
          near.empty() ? "" : fmt::format("did you mean {}?", near)};
}

bool Access::reaches(std::string_view service) const {
  return !services || std::ranges::find(*services, service) != services->end();
}

Result<Access, CommandError> lowered(Access has, const AskedAccess& asked) {
  if (!asked.role && !asked.services) return has;
  if (asked.role) {
    const std::optional<Role> role = parse_role(*asked.role);
    if (!role) return tl::make_unexpected(unknown_role(*asked.role));
    has.role = std::min(has.role, *role);
  }
  if (asked.services) {
    std::vector<std::string> left = split_at_commas(*asked.services);
    std::erase_if(left, [&](const std::string& service) { return !has.reaches(service); });
    has.services = std::move(left);
  }
  has.place += ", as lowered by the request,";
  return has;
}

std::optional<CommandError> refusal(const Access& access, const Demand& demand) {
  if (access.role < demand.role) {
    return forbidden(fmt::format("{} takes the role {}; {} gives {}", demand.what,
                                 to_string(demand.role), access.place, to_string(access.role)));
  }
  if (!access.services) return std::nullopt;
  if (demand.changes_all) {
    return forbidden(fmt::format("{} takes all services; {} gives {}", demand.what, access.place,
                                 fmt::join(*access.services, ", ")));
  }
  if (!demand.service || access.reaches(*demand.service)) return std::nullopt;
  const std::string near = suggest(*demand.service, *access.services);
  return forbidden(
      fmt::format("{} gives {}, not \"{}\"", access.place,
                  access.services->empty() ? "no service"
                                           : fmt::to_string(fmt::join(*access.services, ", ")),
                  *demand.service),
      near.empty() ? "" : fmt::format("did you mean {}?", near));
}

}  // namespace tealgate
