// What operators decided: splits, administrative states, locks, and enough of the past to go back.
// Plain values.
//
// apply() is pure: it makes the next Decisions or says why not. StateStore saves them, Publisher
// makes a snapshot of them; nothing here knows health, files or time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/result.h"
#include "control/config.h"
#include "upstream/server.h"
#include "upstream/split.h"

namespace tealgate {

struct LockRecord {
  std::string token;
  std::string holder;
  std::string reason;
  WallTime since;
  std::optional<WallTime> expires_at;
  bool held = false;  // lives as long as a connection, and not over a restart

  bool is_expired(WallTime now) const { return expires_at && now >= *expires_at; }
};

// Who decided, when and why.
struct Decided {
  std::string operation;
  std::string by;
  std::string reason;
  std::string label;
  WallTime at;
};

// A revision, to go back to: its split, and who made it (by switching, or by a server's state).
struct RevisionRecord {
  std::uint64_t revision = 0;
  Split split;
  Decided decided;
};

// The switch that a rollback undoes.
struct LastSwitch {
  std::string operation;
  std::uint64_t revision = 0;
  Split from;
  Split to;
  bool undone = false;
  std::string undone_by;  // who, once it is undone
};

struct ServerName {
  std::string pool;
  std::string server;
  friend auto operator<=>(const ServerName&, const ServerName&) = default;
};

struct ServiceDecisions {
  std::uint64_t revision = 0;  // +1 per decision about this service
  Split split;
  Decided decided;                           // who made this split
  std::map<ServerName, AdminState> servers;  // those that are not ready
  std::optional<LockRecord> lock;
  std::optional<LastSwitch> last_switch;
  std::deque<RevisionRecord> past;  // oldest first, this revision last; at most kPastRevisions
  bool is_dormant = false;          // not configured; it is as it was when it comes back

  // The lock in force; null if there is none, or it has expired.
  const LockRecord* lock_at(WallTime now) const;
  AdminState admin_state(std::string_view pool, std::string_view server) const;
  const RevisionRecord* find_past(std::uint64_t wanted) const;
};

struct Decisions {
  static constexpr std::size_t kPastRevisions = 100;
  std::map<std::string, ServiceDecisions, std::less<>> services;

  const ServiceDecisions* find(std::string_view service) const;
};

struct SplitChange {
  std::string service;
  Split to;
  Decided decided;
  std::string undoes;  // the operation that this rollback undoes; empty for a switch
};

struct ServerChange {
  std::string service;
  ServerName server;
  AdminState state = AdminState::Ready;
  Decided decided;
};

struct LockChange {
  std::string service;
  std::optional<LockRecord> lock;  // empty: unlock
};

using Change = std::variant<SplitChange, ServerChange, LockChange>;

// The decisions after `change`, with the service's revision one higher (a lock is not a decision
// about traffic: it keeps the revision). The error says which service is missing.
Result<Decisions> apply(const Decisions& decisions, const Change& change);

// What to start with: services that the state lacks get their initial split at revision 1; servers,
// inactive pools and services that the config lacks are dropped, each with a warning. The error
// names a pool with a share that the config lacks.
struct FittedDecisions {
  Decisions decisions;
  std::vector<std::string> warnings;
  bool changed = false;  // something was added or dropped
};
Result<FittedDecisions> fit_to_config(const Decisions& stored, const Config& config, WallTime now);

}  // namespace tealgate
