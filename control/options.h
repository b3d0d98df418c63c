// The table of every key that a config file may have: the one place where a key's type, default and
// range are written.
//
// The readers look keys up here to accept, parse, bound and suggest them, and docs/configuration.md
// repeats these rows (a test holds them together). What a value does is said where it is used.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "control/config.h"

namespace tealgate {

// The map in which a key may stand.
enum class OptionScope : std::uint8_t {
  File,       // the top level
  Listener,   // an entry of `listen`
  Socket,     // an entry of `control.socket`
  Dashboard,  // control.dashboard
  Token,      // an entry of control.dashboard.tokens
  Service,    // services.NAME alone
  Settings,   // services.NAME, and `defaults` for all services
  Pool,       // a pool that is a map
  Server,     // an entry of a pool
};

// The map that is being read. Defaults takes Settings; Service takes Service and Settings.
enum class OptionContext : std::uint8_t {
  File,
  Listener,
  Socket,
  Dashboard,
  Token,
  Service,
  Defaults,
  Pool,
  Server
};

enum class OptionType : std::uint8_t {
  Number,
  NumberOrAuto,
  Flag,
  TimeSpan,
  Size,
  Percent,
  Text,
  Method,
  Address,
  AddressList,
  BlockList,
  HostList,
  PathList,
  ProtocolList,
  RetryCauses,
  RepeatRule,
  FilePath,
  AccessLog,
  LogFormat,
  HttpUrl,
  LabelMap,
  StatusList,
  HealthCheck,
  PoolMap,
  ServiceMap,
  SettingsMap,
  SplitWords,
  FieldMap,
  NameList,
  CorsTerms,
  OriginList,
  PageMap,
  CertificateList,
  TlsVersionName,
  ClientProof,
  RedirectTarget,
  SocketList,
  DashboardTerms,
  TokenList,
  TokenHash,
  RoleName,
  ServerList,
  ServerTls,
};

// Where a setting that needs no care of its own is stored; monostate for keys that a reader handles
// by hand.
using OptionSlot =
    std::variant<std::monostate, Duration& (*)(Config&), unsigned& (*)(Config&),
                 std::uint64_t& (*)(Config&), Duration& (*)(ServiceSettings&),
                 unsigned& (*)(ServiceSettings&), std::uint16_t& (*)(ServiceSettings&),
                 std::uint64_t& (*)(ServiceSettings&)>;

struct Option {
  OptionScope scope;
  std::string_view key;  // within its scope, with dots: "timeouts.connect"
  OptionType type;
  std::string_view default_text;  // as one would write it, or in words in parentheses
  std::string_view lowest;        // as one would write it; empty: unbounded
  std::string_view highest;
  std::string_view meaning;
  bool needs_restart = false;
  OptionSlot slot = {};
};

std::span<const Option> options();

// Null if `context` has no such key.
const Option* find_option(OptionContext context, std::string_view key);

// The names that may stand in a map of `context` at `prefix` ("" or "timeouts."), in table order.
std::vector<std::string_view> child_keys(OptionContext context, std::string_view prefix);

bool takes(OptionContext context, OptionScope scope);

std::string_view to_string(OptionType type);  // for people: "duration", "number"

// The option's line in the reference page.
std::string reference_row(const Option& option);

}  // namespace tealgate
