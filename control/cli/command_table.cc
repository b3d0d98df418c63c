#include "control/cli/command_table.h"

#include <algorithm>
#include <cctype>

#include "base/suggest.h"
#include "control/cli/log_filter.h"
#include "control/scalar_values.h"
#include "http/failure.h"

namespace tealgate::cli {
namespace {

bool is_digits(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string check_duration(const std::string& value) {
  Result<Duration> parsed = parse_duration(value);
  return parsed ? "" : "\"" + value + "\" " + parsed.error().message;
}

std::string check_percent(const std::string& value) {
  Result<unsigned> parsed = parse_percent(value);
  return parsed ? "" : "\"" + value + "\" " + parsed.error().message;
}

std::string check_until(const std::string& value) {
  bool fits = value == "done" || value == "drained" || value == "switched";
  return fits ? "" : "\"" + value + "\" is not done, drained or switched";
}

std::string check_statuses(const std::string& value) {
  return parse_statuses(value).empty() ? "\"" + value + "\" is no status such as 502 or 5xx" : "";
}

std::string check_end(const std::string& value) {
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < kFailures; ++i)
    words.push_back(facts_of(static_cast<Failure>(i)).end);
  if (std::ranges::find(words, value) != words.end()) return "";
  const std::string meant = suggest(value, words);
  return "\"" + value + "\" is no end word of docs/logs.md" +
         (meant.empty() ? "" : "; did you mean " + meant + "?");
}

std::string check_healthy(const std::string& value) {
  bool fits = value == "all" || (is_digits(value) && value != "0");
  return fits ? "" : "\"" + value + "\" is neither all nor a number of servers";
}

constexpr FlagRow kReason{"reason", FlagKind::Text, "TEXT", "Why, for the history"};
constexpr FlagRow kBy{"by", FlagKind::Text, "WHO", "Who asks; default: $SUDO_USER or $USER"};
constexpr FlagRow kLock{"lock", FlagKind::Text, "TOKEN",
                        "The token of a lock that you hold; default: $TEALGATE_LOCK"};
constexpr FlagRow kOperation{"operation", FlagKind::Text, "ID",
                             "The operation's id; the same id twice is one operation"};
constexpr FlagRow kDrain{"drain", FlagKind::Text, "DURATION",
                         "How long requests without an answer yet may take", check_duration};
constexpr FlagRow kUntil{"until", FlagKind::Text, "done|drained|switched", "When to return",
                         check_until};
constexpr FlagRow kForce{"force", FlagKind::Yes, "", "Without the gate; recorded as forced"};
constexpr FlagRow kDryRun{"dry_run", FlagKind::Yes, "",
                          "Probe and say what would happen; change nothing"};
constexpr FlagRow kLockWait{"lock_wait", FlagKind::Text, "DURATION",
                            "How long to wait for somebody else's lock or switch", check_duration};

constexpr const char* kServerWord = "NAME, POOL/NAME or SERVICE/POOL/NAME";

std::vector<CommandRow> make_table() {
  return {
      {"run",
       "The daemon",
       {},
       {{"config", FlagKind::Text, "FILE", "The config file; default: /etc/tealgate/tealgate.yaml",
         nullptr, "c"}}},
      {"check",
       "Find every error of a config file; exit 7 if there is one",
       {"FILE", 0, 1, "Default: /etc/tealgate/tealgate.yaml"},
       {}},
      {"status",
       "One screen: what serves, what is the way back, how every server is",
       {},
       {{"follow", FlagKind::Yes, "", "Show it again at each change, until it is interrupted"},
        {"idle", FlagKind::Yes, "",
         "Print the idle pool's name alone; exit 1 unless there is exactly one"},
        {"active", FlagKind::Yes, "", "Print the names of the active pools, one a line"},
        {"exit_code", FlagKind::Yes, "", "Exit with 10 if degraded, 11 if down"}}},
      {"switch",
       "Move traffic: green · blue green · blue=90 green=10 · all",
       {"POOL", 1, 64, "Pools, with a share each (blue=90 green=10) or without, or all"},
       {{"if_active", FlagKind::List, "POOL[,POOL]", "Only if exactly these pools are active now"},
        {"if_revision", FlagKind::Number, "N", "Only if this is the revision now"},
        {"require_healthy", FlagKind::Text, "PERCENT",
         "Share of servers that must be up; default: the config's, 100%", check_percent},
        {"healthy_within", FlagKind::Text, "DURATION",
         "How long to wait until the pools are healthy enough", check_duration},
        kDrain,
        kUntil,
        {"timeout", FlagKind::Text, "DURATION", "Bound for everything before the change",
         check_duration},
        kForce,
        kReason,
        kBy,
        {"label", FlagKind::Text, "TEXT", "What is released, for instance v1.4.2"},
        kLockWait,
        kLock,
        kOperation,
        kDryRun}},
      {"rollback",
       "Undo the last completed switch, once",
       {},
       {{"to", FlagKind::Number, "REVISION", "Go back to the split of this revision"},
        {"undo", FlagKind::Text, "OPERATION", "Only if this operation made the split of now"},
        kDrain,
        kUntil,
        kForce,
        kReason,
        kBy,
        kOperation,
        kDryRun}},
      {"drain",
       "Give a server no new requests; checks go on",
       {"SERVER", 1, 1, kServerWord},
       {kUntil,
        kDrain,
        {"force", FlagKind::Yes, "", "Even if it is the last that serves"},
        kReason,
        kBy}},
      {"ready", "Give a server requests again", {"SERVER", 1, 1, kServerWord}, {kReason, kBy}},
      {"maint",
       "Give a server no requests and no checks",
       {"SERVER", 1, 1, kServerWord},
       {kUntil,
        kDrain,
        {"force", FlagKind::Yes, "", "Even if it is the last that serves"},
        kReason,
        kBy}},
      {"wait",
       "Wait until a pool is healthy, or until an operation is over",
       {"POOL", 0, 1, "The pool, or SERVICE/POOL"},
       {{"healthy", FlagKind::Text, "all|N", "How many servers must be up; default: all",
         check_healthy},
        {"timeout", FlagKind::Text, "DURATION", "How long at most; default: for ever",
         check_duration},
        {"operation", FlagKind::Text, "ID", "The operation to wait for"}}},
      {"lock",
       "Keep others from switching; with -- COMMAND, as long as the command runs",
       {},
       {{"ttl", FlagKind::Text, "DURATION", "When the lock ends by itself", check_duration},
        kLockWait,
        kReason,
        kBy}},
      {"unlock",
       "End a lock: that of --lock or TEALGATE_LOCK, or with --force anybody's",
       {},
       {{"force", FlagKind::Yes, "", "Even somebody else's lock"}, kLock, kReason, kBy}},
      {"history",
       "What was decided, when, by whom and why",
       {},
       {{"limit", FlagKind::Number, "N", "At most so many entries, the newest; default: 50"}}},
      {"events",
       "What happens: switches, health, locks, reloads; newest last",
       {},
       {{"follow", FlagKind::Yes, "", "Go on with what happens from now on"},
        {"limit", FlagKind::Number, "N",
         "At most so many of those before, of the newest 200; default: 50"}}},
      {"logs",
       "The access log: its newest lines, all or some",
       {},
       {{"follow", FlagKind::Yes, "", "Go on with lines as they are written"},
        {"limit", FlagKind::Number, "N", "At most so many of those before; default: 50"},
        {"since", FlagKind::Text, "DURATION", "Only lines that are no older", check_duration},
        {"pool", FlagKind::Text, "POOL", "Only lines of this pool"},
        {"server", FlagKind::Text, "SERVER", "Only lines of this server"},
        {"status", FlagKind::Text, "STATUS", "Only these: 502, 5xx, or several with commas",
         check_statuses},
        {"end", FlagKind::Text, "WORD", "Only lines with this end word: ok, connect_refused, …",
         check_end}}},
      {"top", "The state and the figures of every server in a terminal, each second", {}, {}},
      {"reload",
       "Read the config file again; the same as SIGHUP, but it waits and says what is wrong",
       {},
       {kBy}},
      {"upgrade",
       "Replace the running daemon by another binary, without a connection lost",
       {"BINARY", 0, 1, "Default: the path that the daemon was started from"},
       {{"timeout", FlagKind::Text, "DURATION",
         "How long the new daemon may take to take over; default: 30s", check_duration},
        kLockWait,
        kReason,
        kBy}},
      {"ssh",
       "The forced command of an ssh key that may only release: carries out SSH_ORIGINAL_COMMAND",
       {},
       {{"role", FlagKind::Text, "ROLE", "What the key may do: viewer, deployer or admin"},
        {"by", FlagKind::Text, "WHO", "Who the key is, for the history; default: ssh ACCOUNT"}}},
      {"completion",
       "Print the script by which a shell completes this program's words",
       {"SHELL", 1, 1, "bash, zsh or fish"},
       {}},
      {"version", "Print the version", {}, {}},
      {"demo",
       "Two pools, traffic and the proxy in one process; `demo break POOL` and `demo mend POOL` "
       "play with it",
       {"ACTION", 0, 2, "break POOL or mend POOL"},
       {{"port", FlagKind::Number, "N", "The proxy's port; default: a free one"},
        {"duration", FlagKind::Text, "DURATION", "End after this time", check_duration},
        {"no_traffic", FlagKind::Yes, "", "Send no requests"},
        {"release_every", FlagKind::Text, "DURATION", "Time between releases; default: 45s",
         check_duration},
        {"no_releases", FlagKind::Yes, "", "Leave releases to you"},
        {"break_every", FlagKind::Text, "DURATION", "Time between breakdowns; default: 60s",
         check_duration},
        {"no_breaks", FlagKind::Yes, "", "Keep all servers well"}}},
  };
}

}  // namespace

const std::vector<CommandRow>& command_table() {
  static const std::vector<CommandRow> table = make_table();
  return table;
}

std::string flag_name(const FlagRow& flag) {
  std::string name = flag.field;
  std::replace(name.begin(), name.end(), '_', '-');
  return flag.letter ? std::string("-") + flag.letter + ",--" + name : "--" + name;
}

}  // namespace tealgate::cli
