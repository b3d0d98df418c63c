// Who may do what on the control API: the roles, and what one caller has.
//
// Pure. Which endpoint takes which role is the one table in api.cc; who has which is said by
// control_socket (the config), dashboard_door (tokens) and the caller, who may give up what he has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/command.h"

namespace tealgate {

// Each may do what the one before it may.
enum class Role : std::uint8_t {
  None,      // may have the page, and ask who he is; nobody is given it by name
  Viewer,    // reads
  Deployer,  // moves traffic, as far as the gates allow
  Admin,     // all the rest
};

std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view word);  // viewer, deployer, admin
// What is wrong with a word that is no role, and what would be right.
CommandError unknown_role(std::string_view word);

struct Access {
  Role role = Role::Viewer;
  std::optional<std::vector<std::string>> services = {};  // absent: all of them
  std::string place = {};                                 // where it is given, for messages
  bool knows_tokens = false;                              // there are tokens that give more or less

  bool reaches(std::string_view service) const;
};

// Request fields by which a caller gives up a part of what he has. `tealgate ssh` sends them.
inline constexpr std::string_view kRoleField = "X-Tealgate-Role";
inline constexpr std::string_view kServicesField = "X-Tealgate-Services";

struct AskedAccess {
  std::optional<std::string_view> role;
  std::optional<std::string_view> services;  // separated by commas
};
// What is left of `has`: never more than it. The error: a role that does not exist.
Result<Access, CommandError> lowered(Access has, const AskedAccess& asked);

// What a 401 has (RFC 9110 11.6.1).
inline constexpr std::string_view kChallenge = "WWW-Authenticate: Bearer\r\n";

// What an endpoint takes.
struct Demand {
  std::string what;  // "POST /v1/reload"
  Role role = Role::Admin;
  std::optional<std::string> service = {};  // the one that it is about
  bool changes_all = false;                 // it changes what all services share
};
// Why it is not permitted; nothing: it is. Names no service that the caller may not know of.
std::optional<CommandError> refusal(const Access& access, const Demand& demand);

}  // namespace tealgate
