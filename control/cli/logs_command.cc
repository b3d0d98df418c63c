#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/timer.h"
#include "control/cli/json_fields.h"
#include "control/cli/log_filter.h"
#include "control/cli/log_names.h"
#include "control/cli/log_tail.h"
#include "control/cli/requests.h"
#include "control/cli/results.h"
#include "control/cli/socket_daemon.h"
#include "control/cli/watching.h"

namespace tealgate::cli {
namespace {

using json = nlohmann::ordered_json;

constexpr std::uint64_t kDefaultLimit = 50;
constexpr Duration kLooksEvery = std::chrono::milliseconds(200);
constexpr int kForbidden = 8;

// Where the access log goes, or the exit code of having said why it cannot be read.
tl::expected<std::string, int> log_path(const Watched& watched) {
  const Answer answer =
      SocketDaemon(watched.socket, watched.fields).ask(status_request(""), nullptr);
  const json status = json::parse(answer.body, nullptr, false);
  if (answer.outcome != Answer::Outcome::Answered || member(status, "ok") != true)
    return tl::make_unexpected(tell_failure(watched, answer));
  if (const auto error = unknown_name(watched.arguments, member(status, "services")))
    return tl::make_unexpected(tell_error(watched, *error));
  const std::string path = text_of(status, "access_log");
  const bool has_no_fields = text_of(status, "access_log_format") == "combined";
  if (has_no_fields && LogFilter(watched.arguments, WallClock::now()).is_choosy()) {
    return tl::make_unexpected(tell_error(
        watched,
        own_error("no_fields", 1, "logs.format is combined: such lines have no fields to choose by",
                  "tealgate logs --follow shows them all")));
  }
  if (path.starts_with('/')) return path;
  const std::string why = path == "off"      ? "logs.access is off: there is no access log"
                          : path == "stdout" ? "the access log goes to the daemon's stdout; read "
                                               "it where that goes"
                                             : "the daemon does not say where its access log is";
  return tl::make_unexpected(tell_error(
      watched, own_error("no_log", 1, why, path == "stdout" ? "journalctl -u tealgate -f" : "")));
}

int cannot_read(const Watched& watched, const std::string& path, int error) {
  const bool is_no_file = error == EISDIR || error == ESPIPE;
  const std::string what =
      fmt::format("{}: {}", path,
                  is_no_file ? "this is no regular file, which alone can be read from its end"
                             : std::strerror(error));
  if (error != EACCES) return tell_error(watched, own_error("no_log", 1, what, ""));
  return tell_error(watched,
                    own_error("forbidden", kForbidden,
                              what + "; only its owner and its group may read the access log", ""));
}

class LogPrinter {
 public:
  LogPrinter(const Watched& watched, LogTail& tail)
      : watched_(watched),
        tail_(tail),
        filter_(watched.arguments, WallClock::now()),
        timer_(loop_.loop(), [this] { look(); }) {}

  int run();

 private:
  void look();
  void print(const std::string& line);

  const Watched& watched_;
  LogTail& tail_;
  const LogFilter filter_;
  WatchLoop loop_;
  Timer timer_;
};

int LogPrinter::run() {
  const auto& flags = watched_.arguments.flags;
  const auto found = flags.find("limit");
  const std::uint64_t limit =
      found == flags.end() ? kDefaultLimit : std::get<std::uint64_t>(found->second);
  for (const std::string& line :
       tail_.newest(limit, [this](std::string_view each) { return filter_.judge(each); }))
    print(line);
  watched_.console.out << std::flush;
  if (tail_.error() != 0) return cannot_read(watched_, tail_.path(), tail_.error());
  if (!watched_.arguments.has("follow")) return 0;
  timer_.start(kLooksEvery);
  return loop_.run();
}

void LogPrinter::look() {
  const LogTail::More more = tail_.next([this](std::string_view line) {
    if (filter_.judge(line) == LogVerdict::Shown) print(std::string(line));
  });
  watched_.console.out << std::flush;
  if (!watched_.console.out) return loop_.end(0);
  if (tail_.error() != 0) return loop_.end(cannot_read(watched_, tail_.path(), tail_.error()));
  timer_.start(more == LogTail::More::AtOnce ? Duration::zero() : kLooksEvery);
}

void LogPrinter::print(const std::string& line) {
  watched_.console.out << (watched_.arguments.json ? line
                                                   : describe_log_line(line, WallClock::now()))
                       << '\n';
}

}  // namespace

int show_logs(const Watched& watched) {
  const tl::expected<std::string, int> path = log_path(watched);
  if (!path) return path.error();
  LogTail tail(*path);
  if (const int error = tail.open()) return cannot_read(watched, *path, error);
  return LogPrinter(watched, tail).run();
}

}  // namespace tealgate::cli
