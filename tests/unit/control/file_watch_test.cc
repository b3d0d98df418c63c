#include "control/file_watch.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "unit/temp_folder.h"

using namespace tealgate;
using namespace std::chrono_literals;
using Act = FileWatch::Act;

namespace {

FileMarks seen(std::uint64_t inode) {
  return {{.path = "/a", .inode = inode}};
}

// Looked at and read once.
struct Watched {
  Watched() {
    watch.on_look(seen(1), now);
    now += FileWatch::kSettled;
    REQUIRE(watch.on_look(seen(1), now) == Act::Read);
  }
  Act look(std::uint64_t inode, Duration later) {
    now += later;
    return watch.on_look(seen(inode), now);
  }
  FileWatch watch;
  TimePoint now{1h};
};

}  // namespace

TEST_CASE("File watch: what changes is read once, when it has not changed for a while") {
  Watched files;
  CHECK(files.look(1, 1s) == Act::Nothing);
  CHECK(files.look(2, 1s) == Act::Nothing);
  CHECK(files.watch.interval() == FileWatch::kSettling);
  CHECK(files.look(3, 200ms) == Act::Nothing);
  CHECK(files.look(3, 200ms) == Act::Nothing);
  CHECK(files.look(3, 100ms) == Act::Read);
  CHECK(files.watch.interval() == FileWatch::kInterval);
  CHECK(files.look(3, 1s) == Act::Nothing);
}

TEST_CASE("File watch: nothing to look at is never read") {
  FileWatch watch;
  CHECK(watch.on_look({}, TimePoint(1h)) == Act::Nothing);
  CHECK(watch.on_look({}, TimePoint(2h)) == Act::Nothing);
}

TEST_CASE("File watch: what could not be used is read again at once") {
  Watched files;
  files.watch.on_unused();
  CHECK(files.watch.interval() == FileWatch::kSettling);
  CHECK(files.look(1, 100ms) == Act::Read);
  CHECK(files.look(1, 100ms) == Act::Nothing);
}

TEST_CASE("File watch: a misfit is told when it lasts, whatever else happens meanwhile") {
  Watched files;
  CHECK_FALSE(files.watch.is_misfit_lasting(files.now + 1h));
  files.watch.on_misfit(files.now);
  CHECK_FALSE(files.watch.is_misfit_lasting(files.now + FileWatch::kPatience - 1ms));
  files.watch.on_misfit(files.now + 3s);
  CHECK(files.watch.is_misfit_lasting(files.now + FileWatch::kPatience));
  files.watch.on_fitting();
  CHECK_FALSE(files.watch.is_misfit_lasting(files.now + 1h));
}

TEST_CASE("File watch: a misfit is read again, less and less often, though nothing moves") {
  Watched files;
  const auto waited = [&] {
    Duration time{};
    do time += 1s;
    while (files.look(1, 1s) == Act::Nothing && time < 1h);
    files.watch.on_misfit(files.now);
    return time;
  };
  files.watch.on_misfit(files.now);
  CHECK(waited() == 2s);
  CHECK(waited() == 4s);
  CHECK(waited() == 8s);
  CHECK(waited() == 16s);
  CHECK(waited() == 30s);
  CHECK(waited() == 30s);
  files.watch.on_fitting();
  CHECK(files.look(1, 1h) == Act::Nothing);
  files.watch.on_misfit(files.now);
  CHECK(waited() == 2s);
}

TEST_CASE(
    "File watch: a file is told apart by its content, its rights and what its link leads to") {
  const TempFolder folder;
  const std::string file = folder.file("file"), link = folder.file("link");
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder.file(name)) << text;
  };
  write("file", "one");
  std::filesystem::create_symlink("file", link);
  FileMarks before = look_at({link});
  const auto has_changed = [&] {
    FileMarks now = look_at({link});
    const bool is_other = now != before;
    before = std::move(now);
    return is_other;
  };
  CHECK_FALSE(has_changed());
  write("file", "other");
  CHECK(has_changed());
  write("next", "other");
  std::filesystem::rename(folder.file("next"), file);
  CHECK(has_changed());
  write("third", "other");
  std::filesystem::remove(link);
  std::filesystem::create_symlink("third", link);
  CHECK(has_changed());
  std::filesystem::remove(folder.file("third"));
  CHECK(has_changed());
  CHECK(before.front().inode == 0);
}
