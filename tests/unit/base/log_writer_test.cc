#include "base/log_writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <map>
#include <sstream>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "unit/temp_folder.h"

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

// A writer that acts only when asked, or when a buffer passes 64 KiB.
std::unique_ptr<LogWriter> open_writer(const std::string& target,
                                       std::size_t buffer_bytes = std::size_t{1} << 20) {
  LogWriter::Settings settings;
  settings.target = target;
  settings.buffer_bytes = buffer_bytes;
  settings.interval = 1h;
  return LogWriter::open(settings).value();
}

// What the process writes to stderr while it lives goes to a file.
class CapturedStderr {
 public:
  explicit CapturedStderr(const std::string& path) : before_(::dup(STDERR_FILENO)) {
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    ::dup2(file.get(), STDERR_FILENO);
  }
  ~CapturedStderr() { ::dup2(before_.get(), STDERR_FILENO); }

 private:
  UniqueFd before_;
};

std::size_t occurrences(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("LogWriter: lines reach the file in order") {
  TempFolder folder;
  auto writer = open_writer(folder.file("log"));
  LogWriter::Producer producer(*writer);
  producer.append("one");
  producer.append("two");
  writer->flush();
  CHECK(folder.read("log") == "one\ntwo\n");
  CHECK(writer->counts().written == 2);
  CHECK(writer->counts().dropped == 0);
}

TEST_CASE("LogWriter: what waits is written at its end, an ended producer's lines too") {
  TempFolder folder;
  auto writer = open_writer(folder.file("log"));
  LogWriter::Producer living(*writer);
  {
    LogWriter::Producer ended(*writer);
    ended.append("from the ended one");
  }
  writer->flush();
  {
    LogWriter::Producer last(*writer);
    last.append("last");
  }
  writer.reset();
  CHECK(folder.read("log") == "from the ended one\nlast\n");
}

TEST_CASE("LogWriter: writes without being asked, after the interval or at 64 KiB") {
  TempFolder folder;
  LogWriter::Settings settings;
  settings.target = folder.file("log");
  std::string line = "soon";
  SUBCASE("interval") {
    settings.interval = 1ms;
  }
  SUBCASE("64 KiB") {
    settings.interval = 1h;
    line.assign(64 * 1024, 'x');
  }
  auto writer = LogWriter::open(settings).value();
  LogWriter::Producer producer(*writer);
  producer.append(line);
  while (writer->counts().written == 0) std::this_thread::yield();
  CHECK(folder.read("log") == line + "\n");
}

TEST_CASE("LogWriter: lines beyond the buffer are dropped and counted, later ones are written") {
  TempFolder folder;
  auto writer = open_writer(folder.file("log"), 1024);
  std::string line(127, 'x');
  {
    LogWriter::Producer producer(*writer);
    for (int i = 0; i < 11; ++i) producer.append(line);
    CHECK(writer->counts().dropped == 3);
    writer->flush();
    producer.append("later");
  }
  writer->flush();
  CHECK(writer->counts().written == 9);
  CHECK(writer->counts().dropped == 3);
  CHECK(folder.read("log").ends_with(line + "\nlater\n"));
}

TEST_CASE(
    "LogWriter: lines of several threads never mix, and each is written or counted as dropped") {
  TempFolder folder;
  constexpr int kThreads = 4;
  constexpr int kLines = 5000;
  auto writer = open_writer(folder.file("log"), 128 * 1024);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&writer, t] {
      LogWriter::Producer producer(*writer);
      for (int i = 0; i < kLines; ++i) {
        producer.append(
            fmt::format("{} {} {}", t, i, std::string(static_cast<std::size_t>(i % 200), 'x')));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  writer->flush();

  std::map<int, int> last;
  std::uint64_t lines = 0;
  std::istringstream all(folder.read("log"));
  for (std::string line; std::getline(all, line); ++lines) {
    int thread = 0;
    int number = 0;
    std::string tail;
    std::istringstream(line) >> thread >> number >> tail;
    REQUIRE(tail == std::string(static_cast<std::size_t>(number % 200), 'x'));
    auto [known, is_first] = last.try_emplace(thread, -1);
    REQUIRE(number > known->second);
    known->second = number;
  }
  CHECK(lines == writer->counts().written);
  CHECK(lines + writer->counts().dropped == kThreads * kLines);
}

TEST_CASE("LogWriter: reopens its path, so that a rotated file gets no more lines") {
  TempFolder folder;
  auto writer = open_writer(folder.file("log"));
  LogWriter::Producer producer(*writer);
  producer.append("before");
  writer->flush();
  std::filesystem::rename(folder.file("log"), folder.file("log.1"));
  writer->reopen();
  writer->flush();
  producer.append("after");
  writer->flush();
  CHECK(folder.read("log.1") == "before\n");
  CHECK(folder.read("log") == "after\n");
}

TEST_CASE("LogWriter: keeps its file when the path can't be opened again") {
  TempFolder folder;
  std::filesystem::create_directory(folder.file("logs"));
  auto writer = open_writer(folder.file("logs/log"));
  LogWriter::Producer producer(*writer);
  std::filesystem::rename(folder.file("logs"), folder.file("moved"));
  {
    CapturedStderr captured(folder.file("stderr"));
    writer->reopen();
    writer->flush();
  }
  producer.append("still");
  writer->flush();
  CHECK(folder.read("moved/log") == "still\n");
  CHECK(folder.read("stderr").find("going on with the file that is open") != std::string::npos);
}

TEST_CASE("LogWriter: a full disk drops lines, is told once, and ends when there is room") {
  TempFolder folder;
  std::filesystem::create_symlink("/dev/full", folder.file("log"));
  auto writer = open_writer(folder.file("log"));
  LogWriter::Producer producer(*writer);
  {
    CapturedStderr captured(folder.file("stderr"));
    for (int i = 0; i < 3; ++i) {
      producer.append("lost");
      writer->flush();
    }
    CHECK(writer->counts().written == 0);
    CHECK(writer->counts().dropped == 3);

    std::filesystem::remove(folder.file("log"));
    writer->reopen();
    writer->flush();
    producer.append("kept");
    writer->flush();
  }
  CHECK(folder.read("log") == "kept\n");
  CHECK(writer->counts().written == 1);
  CHECK(occurrences(folder.read("stderr"), "No space left on device") == 1);
  CHECK(occurrences(folder.read("stderr"), "is written again; 3 lines were dropped") == 1);
}

TEST_CASE(
    "LogWriter: trouble that comes and goes is told once a minute, with what was dropped since") {
  TempFolder folder;
  std::vector<std::string> told;
  LogWriter::Settings settings;
  settings.target = folder.file("log");
  settings.interval = 1h;
  SUBCASE("a minute has not passed") {}
  SUBCASE("a minute has passed") {
    settings.quiet = 0s;
  }
  settings.on_news = [&told](LogWriter::News news, const std::string& sentence) {
    told.push_back((news == LogWriter::News::Fails ? "fails: " : "works: ") + sentence);
  };
  auto writer = LogWriter::open(settings).value();
  LogWriter::Producer producer(*writer);
  CapturedStderr captured(folder.file("stderr"));
  const auto write = [&](unsigned lines) {
    for (unsigned i = 0; i < lines; ++i) {
      producer.append("line");
      writer->flush();
    }
  };
  const auto turn = [&](bool is_full) {
    std::filesystem::remove(folder.file("log"));
    if (is_full) std::filesystem::create_symlink("/dev/full", folder.file("log"));
    writer->reopen();
    writer->flush();
  };
  turn(true);
  write(2);
  turn(false);
  write(2);
  REQUIRE(told.size() == 2);
  CHECK(told[0].find("fails: the log") == 0);
  CHECK(told[0].find("No space left on device") != std::string::npos);
  CHECK(told[1].find("works: the log") == 0);
  CHECK(told[1].find(" 2 lines were dropped") != std::string::npos);
  turn(true);
  write(3);
  turn(false);
  write(1);
  const bool is_quiet = settings.quiet > 0s;
  REQUIRE(told.size() == (is_quiet ? 2 : 4));
  if (is_quiet) return;
  CHECK(told[3].find(" 3 lines were dropped") != std::string::npos);
}

TEST_CASE("LogWriter: off takes lines and does nothing") {
  auto writer = open_writer("off");
  LogWriter::Producer producer(*writer);
  CHECK_FALSE(producer.is_wanted());
  producer.append("nothing");
  writer->reopen();
  writer->flush();
  CHECK(writer->counts().written + writer->counts().dropped == 0);
}

TEST_CASE("LogWriter: a tee gets what the file gets, and lines too where the log is off") {
  struct Tee final : LogTee {
    void take(std::string_view lines) override { taken += lines; }
    std::string taken;
  } tee;
  TempFolder folder;
  std::string target = folder.file("log");
  SUBCASE("file") {}
  SUBCASE("off") {
    target = "off";
  }
  auto writer = open_writer(target);
  LogWriter::Producer producer(*writer);
  producer.append("before");
  writer->flush();
  writer->set_tee(&tee);
  CHECK(producer.is_wanted());
  producer.append("one");
  producer.append("two");
  writer->flush();
  CHECK(tee.taken == "one\ntwo\n");
  writer->set_tee(nullptr);
  CHECK(producer.is_wanted() == (target != "off"));
  producer.append("after");
  writer->flush();
  CHECK(tee.taken == "one\ntwo\n");
  if (target != "off") CHECK(folder.read("log") == "before\none\ntwo\nafter\n");
}

TEST_CASE("LogWriter: a path that can't be opened is an error") {
  LogWriter::Settings settings;
  settings.target = "/dev/null/log";
  CHECK_FALSE(LogWriter::open(settings));
}
