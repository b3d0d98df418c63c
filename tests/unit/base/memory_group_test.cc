#include "base/memory_group.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "unit/temp_folder.h"

using namespace tealgate;

namespace {

// Files as cgroup v2 has them, below a folder of the test.
struct Groups {
  TempFolder folder;

  std::string write(const std::string& path, const std::string& text) {
    const std::string file = folder.file("") + "/" + path;
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file) << text;
    return file;
  }
  void group(const std::string& path, const std::string& limit, const std::string& current,
             const std::string& inactive = "0", const std::string& active = "0") {
    write("root" + path + "/memory.max", limit + "\n");
    write("root" + path + "/memory.current", current + "\n");
    write("root" + path + "/memory.stat", "anon 5\ninactive_file " + inactive + "\nactive_file " +
                                              active + "\nslab_reclaimable " + active +
                                              "\nslab 77\n");
  }
  MemoryGroup of(const std::string& membership) {
    return MemoryGroup(folder.file("") + "/root", write("membership", membership));
  }
};

}  // namespace

TEST_CASE("MemoryGroup: what is used of the limit, without files that the kernel can drop") {
  Groups groups;
  groups.group("/system.slice/tealgate.service", "1000", "720", "100", "10");
  const auto usage = groups.of("0::/system.slice/tealgate.service\n").usage();
  REQUIRE(usage);
  CHECK(usage->used == 600);
  CHECK(usage->limit == 1000);
  CHECK(usage->percent() == 60);
}

TEST_CASE("MemoryGroup: of a group and those above it, the one that is nearest to its limit") {
  Groups groups;
  groups.group("/outer/inner", "1000", "225");
  groups.group("/outer", "500", "450");
  CHECK(groups.of("4:memory:/elsewhere\n0::/outer/inner\n").usage()->percent() == 90);
}

TEST_CASE("MemoryGroup: one above is not looked at while others use most of it") {
  Groups groups;
  groups.group("/outer/inner", "1000", "224");
  groups.group("/outer", "500", "450");
  CHECK(groups.of("0::/outer/inner\n").usage()->percent() == 22);
}

TEST_CASE("MemoryGroup: in a container the own group is the root") {
  Groups groups;
  groups.group("", "200", "50");
  CHECK(groups.of("0::/\n").usage()->percent() == 25);
}

TEST_CASE("MemoryGroup: without a limit there is nothing to tell, until there is one") {
  Groups groups;
  groups.group("/a", "max", "50");
  const MemoryGroup group = groups.of("0::/a\n");
  CHECK(group.exists());
  CHECK_FALSE(group.usage());
  groups.group("/a", "100", "50");
  CHECK(group.usage()->percent() == 50);
}

TEST_CASE("MemoryGroup: no cgroup v2, and files that say nothing") {
  Groups groups;
  CHECK_FALSE(groups.of("4:memory:/a\n").exists());
  CHECK_FALSE(groups.of("0::/not/there\n").exists());
  groups.group("/a", "nonsense", "");
  CHECK_FALSE(groups.of("0::/a\n").usage());
}
