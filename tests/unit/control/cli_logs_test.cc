#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "control/cli/log_filter.h"
#include "control/cli/log_names.h"
#include "control/cli/log_tail.h"
#include "control/wall_time.h"

using namespace tealgate;
using namespace tealgate::cli;
using Lines = std::vector<std::string>;

namespace {

const char* kLine =
    R"({"ts":"2026-11-22T14:02:11.123Z","level":"error","client_ip":"10.1.1.1","service":"shop","pool":"blue","server":"a","method":"GET","host":"shop.test","path":"/cart","status":502,"duration_ms":12.4,"end":"connect_refused","detail":"why\u001b[2J"})";
const char* kNow = "2026-11-22T14:03:00Z";

LogVerdict judged(std::vector<std::string> words, const char* line = kLine) {
  words.insert(words.begin(), "logs");
  const auto arguments = parse_arguments(words);
  REQUIRE_MESSAGE(arguments.has_value(), arguments.error().text);
  return LogFilter(*arguments, *parse_wall_time(kNow)).judge(line);
}

// What is wrong with the names, for a daemon with shop/blue/a, shop/green/b and api/one/x.
std::string complaint(std::vector<std::string> words) {
  words.insert(words.begin(), "logs");
  const auto arguments = parse_arguments(words);
  REQUIRE_MESSAGE(arguments.has_value(), arguments.error().text);
  auto pool = [](const char* name, const char* server) {
    return nlohmann::ordered_json{{"name", name}, {"servers", {{{"name", server}}}}};
  };
  const nlohmann::ordered_json services = {
      {"shop", {{"pools", {pool("blue", "a"), pool("green", "b")}}}},
      {"api", {{"pools", {pool("one", "x")}}}}};
  const auto error = unknown_name(*arguments, services);
  if (!error) return "";
  CHECK((*error)["error"]["exit"] == 2);
  return (*error)["error"]["message"];
}

// A log that a daemon writes, and its reader.
struct Log {
  std::filesystem::path folder;
  std::filesystem::path path;

  Log() {
    char name[] = "/tmp/tealgate-logs-XXXXXX";
    folder = ::mkdtemp(name);
    path = folder / "access.log";
  }
  ~Log() { std::filesystem::remove_all(folder); }
  void write(const std::string& text) const { std::ofstream(path, std::ios::app) << text; }
};

Lines next(LogTail& tail) {
  Lines lines;
  while (tail.next([&](std::string_view line) { lines.emplace_back(line); }) ==
         LogTail::More::AtOnce) {
  }
  return lines;
}

LogVerdict show_all(std::string_view) {
  return LogVerdict::Shown;
}

}  // namespace

TEST_CASE("logs: lines are chosen by service, pool, server, status, end word and age") {
  CHECK(judged({}) == LogVerdict::Shown);
  CHECK(judged({"-s", "shop", "--pool", "blue", "--server", "a", "--status", "5xx", "--end",
                "connect_refused", "--since", "1m"}) == LogVerdict::Shown);
  CHECK(judged({"-s", "api"}) == LogVerdict::LeftOut);
  CHECK(judged({"--pool", "green"}) == LogVerdict::LeftOut);
  CHECK(judged({"--server", "b"}) == LogVerdict::LeftOut);
  CHECK(judged({"--pool", "shop/blue", "--server", "shop/blue/a"}) == LogVerdict::Shown);
  CHECK(judged({"--pool", "api/blue"}) == LogVerdict::LeftOut);
  CHECK(judged({"--server", "green/a"}) == LogVerdict::LeftOut);
  CHECK(judged({"--status", "4xx"}) == LogVerdict::LeftOut);
  CHECK(judged({"--status", "404,502"}) == LogVerdict::Shown);
  CHECK(judged({"--status", "503"}) == LogVerdict::LeftOut);
  CHECK(judged({"--end", "ok"}) == LogVerdict::LeftOut);
  CHECK(judged({"--since", "40s"}) == LogVerdict::TooOld);
}

TEST_CASE("logs: a status that is none is wrong usage") {
  for (const char* wrong : {"", "5", "5x", "50x", "5xxx", "abc", "502,", "502,x", "-01", "+12",
                            "6xx", "0xx", "000", "099", "999"}) {
    CAPTURE(wrong);
    CHECK(parse_statuses(wrong).empty());
  }
  const auto arguments = parse_arguments({"logs", "--status", "50x"});
  REQUIRE_FALSE(arguments.has_value());
  CHECK(arguments.error().exit == 2);
  CHECK(arguments.error().text.find("502 or 5xx") != std::string::npos);
}

TEST_CASE("logs: an end word that is none is wrong usage") {
  const auto arguments = parse_arguments({"logs", "--end", "conect_refused"});
  REQUIRE_FALSE(arguments.has_value());
  CHECK(arguments.error().exit == 2);
  CHECK(arguments.error().text.find("did you mean connect_refused?") != std::string::npos);
  CHECK(parse_arguments({"logs", "--end", "ok"}).has_value());
}

TEST_CASE("logs: a service, a pool or a server that nobody has is unknown") {
  CHECK(complaint({"-s", "shop", "--pool", "blue", "--server", "a"}).empty());
  CHECK(complaint({"--server", "api/one/x"}).empty());
  CHECK(complaint({"-s", "shob"}) == "there is no service \"shob\"; did you mean shop?");
  CHECK(complaint({"--pool", "shop/bleu"}) == "there is no pool \"bleu\"; did you mean blue?");
  CHECK(complaint({"-s", "api", "--pool", "blue"}) == "there is no pool \"blue\"");
  CHECK(complaint({"--pool", "green", "--server", "a"}) == "there is no server \"a\"");
  CHECK(complaint({"-s", "shop", "--pool", "api/one"}) ==
        "no line has both \"shop\" and \"api\" as its service");
  CHECK(complaint({"--pool", "blue", "--server", "green/b"}) ==
        "no line has both \"blue\" and \"green\" as its pool");
}

TEST_CASE("logs: a line that is no JSON is shown only if nothing is asked for") {
  CHECK(judged({}, "10.0.0.1 - - GET") == LogVerdict::Shown);
  CHECK(judged({"--pool", "blue"}, "10.0.0.1 - - GET") == LogVerdict::LeftOut);
}

TEST_CASE("logs: a line for people is short, and safe for a terminal") {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  CHECK(describe_log_line(kLine, *parse_wall_time(kNow)) ==
        "14:02:11  502  GET shop.test/cart  shop/blue/a  12 ms  connect_refused  why [2J");
  CHECK(describe_log_line("plain \x1b[2J", WallTime()) == "plain  [2J");
}

TEST_CASE("LogTail: the newest lines that fit, oldest first, and then those that come") {
  Log log;
  log.write("1\n2\n3\n4\nbegun");
  LogTail tail(log.path);
  REQUIRE(tail.open() == 0);
  CHECK(tail.newest(2, show_all) == Lines{"3", "4"});
  CHECK(next(tail).empty());
  log.write(" and ended\n5\n");
  CHECK(next(tail) == Lines{"begun and ended", "5"});
}

TEST_CASE("LogTail: it looks back over many pieces, and no further than what is too old") {
  Log log;
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += "line number " + std::to_string(i) + "\n";
  log.write(text);
  LogTail tail(log.path);
  REQUIRE(tail.open() == 0);
  const Lines all = tail.newest(100'000, show_all);
  REQUIRE(all.size() == 30'000);
  CHECK(all.front() == "line number 0");
  CHECK(all.back() == "line number 29999");
  int asked = 0;
  const Lines some = tail.newest(100'000, [&asked](std::string_view line) {
    ++asked;
    return line == "line number 29990" ? LogVerdict::TooOld : LogVerdict::Shown;
  });
  CHECK(some.size() == 9);
  CHECK(asked == 10);
}

TEST_CASE("LogTail: an empty file, one without a line end, and none at all") {
  Log log;
  LogTail tail(log.path);
  CHECK(tail.open() == ENOENT);
  log.write("");
  REQUIRE(tail.open() == 0);
  CHECK(tail.newest(5, show_all).empty());
  log.write("half");
  CHECK(next(tail).empty());
  log.write("\n");
  CHECK(next(tail) == Lines{"half"});
  LogTail other(log.path);
  REQUIRE(other.open() == 0);
  CHECK(other.newest(5, show_all) == Lines{"half"});
}

TEST_CASE("LogTail: over a rotation no line is lost and none comes twice") {
  Log log;
  log.write("1\n");
  LogTail tail(log.path);
  REQUIRE(tail.open() == 0);
  CHECK(next(tail) == Lines{"1"});
  const std::filesystem::path old = log.folder / "access.log.1";
  std::filesystem::rename(log.path, old);
  CHECK(next(tail).empty());
  log.write("");                               // logrotate's `create`
  std::ofstream(old, std::ios::app) << "2\n";  // the daemon writes on until SIGUSR1
  CHECK(next(tail) == Lines{"2"});
  std::ofstream(old, std::ios::app) << "3\n";
  log.write("4\n");
  CHECK(next(tail) == Lines{"3", "4"});
  log.write("5\n");
  CHECK(next(tail) == Lines{"5"});
}

TEST_CASE("LogTail: what is no file is an error, and so is one that a rotation puts there") {
  Log log;
  std::filesystem::create_directory(log.path);
  CHECK(LogTail(log.path).open() == EISDIR);
  std::filesystem::remove(log.path);
  REQUIRE(::mkfifo(log.path.c_str(), 0600) == 0);
  CHECK(LogTail(log.path).open() == ESPIPE);
  std::filesystem::remove(log.path);
  log.write("1\n");
  LogTail tail(log.path);
  REQUIRE(tail.open() == 0);
  CHECK(next(tail) == Lines{"1"});
  std::filesystem::remove(log.path);
  CHECK(next(tail).empty());
  CHECK(tail.error() == 0);
  std::filesystem::create_directory(log.path);
  std::ofstream(log.path / "x") << "x";
  CHECK(next(tail).empty());
  CHECK(tail.error() == EISDIR);
}

TEST_CASE("LogTail: a file that is truncated is read from its beginning") {
  Log log;
  log.write("1\n2\n3\n");
  LogTail tail(log.path);
  REQUIRE(tail.open() == 0);
  CHECK(next(tail).size() == 3);
  std::filesystem::resize_file(log.path, 0);
  log.write("4\n");
  CHECK(next(tail) == Lines{"4"});
}
