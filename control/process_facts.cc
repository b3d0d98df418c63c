#include "control/process_facts.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

namespace tealgate {
namespace {

// From the field after the command's name, which may hold spaces: the third of proc(5).
constexpr int kStartField = 22;

double seconds_since_boot() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// In seconds after boot; zero if it can't be known.
double started_after_boot() {
  std::ifstream stat("/proc/self/stat");
  std::string line;
  std::getline(stat, line);
  const std::size_t end_of_name = line.rfind(')');
  if (end_of_name == std::string::npos) return 0;
  std::istringstream fields(line.substr(end_of_name + 1));
  std::string field;
  for (int number = 3; number <= kStartField; ++number) fields >> field;
  const long ticks = sysconf(_SC_CLK_TCK);
  return ticks > 0 && !field.empty()
             ? std::strtod(field.c_str(), nullptr) / static_cast<double>(ticks)
             : 0;
}

Duration cpu_time() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace

ProcessFacts process_facts() {
  ProcessFacts facts;
  facts.cpu = cpu_time();
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0, resident = 0;
  statm >> pages >> resident;
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  facts.virtual_bytes = pages * page;
  facts.resident_bytes = resident * page;
  std::error_code failed;
  for (auto entry = std::filesystem::directory_iterator("/proc/self/fd", failed);
       !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    ++facts.open_fds;
  }
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  facts.max_fds = limit.rlim_cur;
  const double now = std::chrono::duration<double>(WallClock::now().time_since_epoch()).count();
  facts.started_s = now - seconds_since_boot() + started_after_boot();
  return facts;
}

}  // namespace tealgate
