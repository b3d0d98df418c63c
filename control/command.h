// What a caller may ask of the control loop, as parsed values, and how it hears about it.
//
// api makes commands of JSON, the ControlLoop carries them out. docs/control-api.md is the
// contract; a field that is absent in a request keeps the value it has here.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "upstream/server.h"

namespace tealgate {

// Who asks. `by` is what the caller claims, or a name made of the peer's credentials; never empty.
struct Caller {
  std::string by;
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::optional<pid_t> pid;
  std::string token = {};  // the name of the token shown; then `by` is it, whatever is claimed
};

// What every command about a service has.
struct ServiceCommand {
  std::string service;
  std::string reason;
  std::string operation;  // an id of the caller's choosing, already checked; empty: one is made
  std::string lock;       // the token of a lock that the caller holds
};

// When the answer comes: at the announcement, after the drain, after everything (the same thing as
// yet).
enum class Until : std::uint8_t { Switched, Drained, Done };

struct SwitchCommand : ServiceCommand {
  std::vector<std::string> to;  // words of a split: {"green"}, {"blue=90", "green=10"}, {"all"}
  std::optional<std::vector<std::string>> if_active;
  std::optional<std::uint64_t> if_revision;
  std::optional<unsigned> require_healthy_percent;  // default: the service's setting
  Duration healthy_within{0};                       // how long to wait for the gate
  std::optional<Duration> drain;                    // default: the service's setting
  Until until = Until::Done;
  std::optional<Duration> timeout;  // bounds everything before publish
  bool force = false;
  std::string label;
  Duration lock_wait{0};
  bool dry_run = false;
};

struct RollbackCommand : ServiceCommand {
  std::optional<std::uint64_t> to_revision;
  std::optional<std::string> undo;  // acts only if this operation made the current split
  std::optional<Duration> drain;
  Until until = Until::Done;
  std::optional<Duration> timeout;
  bool force = false;
  bool dry_run = false;
};

struct ServerStateCommand : ServiceCommand {
  std::string pool;
  std::string server;
  AdminState state = AdminState::Ready;
  bool force = false;
  std::optional<Duration> drain;
  Until until = Until::Switched;
  Duration lock_wait{0};
};

struct WaitCommand : ServiceCommand {
  std::string pool;
  std::optional<unsigned> healthy;  // how many servers; absent: all
  std::optional<Duration> timeout;  // absent: for ever
};

struct LockCommand : ServiceCommand {
  std::optional<Duration> ttl;  // absent: until it is released
  Duration lock_wait{0};
  bool hold = false;  // the lock lives as long as the watcher
};

struct UnlockCommand : ServiceCommand {
  bool force = false;
};

// It has no service.
struct UpgradeCommand : ServiceCommand {
  std::string binary;  // an absolute path; empty: the one that this daemon was started from
  Duration timeout = std::chrono::seconds(30);  // for the new one to take over
  Duration lock_wait{0};                        // how long to wait for what is under way
};

enum class ErrorCode : std::uint8_t {
  Usage,
  Unknown,
  MethodNotAllowed,
  Forbidden,
  Conflict,
  GateRefused,
  TimedOut,
  ConfigInvalid,
  Superseded,
  DrainCut,
  Interrupted,
  Internal,
};

// The one table of codes: the word in JSON, the exit code of the command line, the HTTP status.
struct ErrorRow {
  std::string_view name;
  int exit;
  int http_status;
};
const ErrorRow& error_row(ErrorCode code);

struct CommandError {
  ErrorCode code = ErrorCode::Internal;
  std::string message = {};                                         // one sentence
  std::shared_ptr<const nlohmann::ordered_json> details = nullptr;  // null: []
  std::string hint = {};  // a command to type; may be empty
};

// The daemon `how` ("stopped", "ended") after an operation's change, `revision`, but before its
// drain was over.
CommandError interrupted(std::string_view service, std::uint64_t revision, std::string_view how);

// Something was named that is not there: `what` begins the sentence ("shop has no pool"), `known`
// is what there is.
CommandError unknown_name(std::string_view what, std::string_view name,
                          const std::vector<std::string>& known);

// {"ok":false,"error":{"code","exit","message","details","hint"}}
nlohmann::ordered_json error_object(const CommandError& error);
// The HTTP status that such an object (or one with "ok":true) has when nothing was sent before it.
int http_status_of(const nlohmann::ordered_json& result);

// One line of text; bytes that are not UTF-8 (a failing check's body may have any) are replaced.
// Use it wherever an object leaves the process: nlohmann's own dump() throws on them.
std::string json_text(const nlohmann::ordered_json& object);

// Hears how one command goes. Calls come on the control loop's thread; the first may come from
// inside the call that started the command. Whoever loses interest calls ControlLoop::detach();
// nothing comes afterwards.
class CommandWatcher {
 public:
  virtual ~CommandWatcher() = default;

  // A step was taken: `word` is one of the progress words, `message` a sentence. (Heartbeats are
  // the watcher's own affair.)
  virtual void on_progress(std::string_view word, std::string_view message,
                           std::string_view operation) = 0;

  // A lock with `hold` was taken: `result` is the object {"ok":true,"lock",…}. The lock lives until
  // detach(); on_finished comes only if somebody else ends the lock before.
  virtual void on_locked(const nlohmann::ordered_json& result) = 0;

  // The result: the last thing to come, at most once. If nothing came before, it may be sent as a
  // single object with http_status_of() as status.
  virtual void on_finished(const nlohmann::ordered_json& result) = 0;
};

}  // namespace tealgate
