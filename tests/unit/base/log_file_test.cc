#include "base/log_file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "unit/temp_folder.h"

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

// Files of this process grow to `bytes` at most while it lives: a disk that becomes full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

std::string read_all(int fd) {
  std::string all;
  char buffer[4096];
  for (ssize_t size; (size = ::read(fd, buffer, sizeof buffer)) > 0;) {
    all.append(buffer, static_cast<std::size_t>(size));
  }
  return all;
}

}  // namespace

TEST_CASE("LogFile: appends to what the file holds") {
  TempFolder folder;
  for (const char* line : {"one\n", "two\n"}) {
    LogFile file = LogFile::open(folder.file("log")).value();
    file.write(line, 0s);
    CHECK(file.written() == 1);
  }
  CHECK(folder.read("log") == "one\ntwo\n");
}

TEST_CASE("LogFile: a line that a full disk cut is completed first when there is room again") {
  TempFolder folder;
  LogFile file = LogFile::open(folder.file("log")).value();
  {
    FullDisk disk(10);
    file.write("12345\n67890\nabc\n", 0s);
    CHECK(file.last_error() == EFBIG);
    CHECK(file.written() == 1);
    CHECK(file.dropped() == 1);
    file.write("lost\n", 0s);
    CHECK(file.dropped() == 2);
  }
  file.write("def\n", 0s);
  CHECK(file.last_error() == 0);
  CHECK(file.written() == 3);
  CHECK(file.dropped() == 2);
  CHECK(folder.read("log") == "12345\n67890\ndef\n");
}

TEST_CASE("LogFile: a cut line does not reach the file that is opened next") {
  TempFolder folder;
  LogFile file = LogFile::open(folder.file("log")).value();
  {
    FullDisk disk(3);
    file.write("12345\n", 0s);
  }
  std::filesystem::rename(folder.file("log"), folder.file("log.1"));
  REQUIRE(file.reopen());
  CHECK(file.dropped() == 1);
  file.write("next\n", 0s);
  CHECK(folder.read("log") == "next\n");
}

TEST_CASE("LogFile: a pipe that nobody reads takes whole lines, then nothing, and goes on later") {
  TempFolder folder;
  REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  UniqueFd reader(::open(folder.file("pipe").c_str(), O_RDONLY | O_NONBLOCK));
  LogFile file = LogFile::open(folder.file("pipe")).value();
  std::string lines;
  for (int i = 0; i < 2000; ++i) lines += std::string(99, 'x') + "\n";
  file.write(lines, 0s);
  CHECK(file.last_error() == EAGAIN);
  CHECK(file.written() + file.dropped() == 2000);
  CHECK(file.dropped() > 0);
  std::string received = read_all(reader.get());
  CHECK(received.size() == file.written() * 100);

  file.write("again\n", 0s);
  CHECK(file.last_error() == 0);
  CHECK(read_all(reader.get()) == "again\n");
}

TEST_CASE("LogFile: a pipe without a reader is an error, not a wait") {
  TempFolder folder;
  REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  CHECK_FALSE(LogFile::open(folder.file("pipe")));
}

TEST_CASE("LogFile: a path that can't be opened is told with its reason") {
  TempFolder folder;
  Result<LogFile> file = LogFile::open(folder.file("none/log"));
  REQUIRE_FALSE(file);
  CHECK(file.error().message ==
        "can't open the log " + folder.file("none/log") + ": No such file or directory");
}
