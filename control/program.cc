#include "control/program.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace tealgate {
namespace {

constexpr std::string_view kDeleted = " (deleted)";

bool is_same_file(const std::string& a, const char* b) {
  struct stat of_a {
  }, of_b{};
  return ::stat(a.c_str(), &of_a) == 0 && ::stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
         of_a.st_ino == of_b.st_ino;
}

// Whatever is neither would be given to a shell, line by line.
bool is_program(const std::string& binary) {
  char begin[4] = {};
  std::ifstream file(binary, std::ios::binary);
  if (!file.is_open()) return true;  // it may be run, but not read
  file.read(begin, sizeof begin);
  const std::string_view bytes(begin, sizeof begin);
  return bytes ==
             "\x7f"
             "ELF" ||
         bytes.starts_with("#!");
}

// A unit's settings hide these from the daemon, but not from whoever asks it.
std::string hint_for_absent(const std::string& binary) {
  for (const std::string_view hidden : {"/tmp/", "/var/tmp/", "/home/", "/root/"}) {
    if (binary.starts_with(hidden)) {
      return fmt::format(
          " as the daemon sees it: its unit may give it a {} of its own (PrivateTmp, ProtectHome); "
          "put the binary elsewhere, for instance below /opt",
          hidden.substr(0, hidden.size() - 1));
    }
  }
  return "";
}

}  // namespace

std::string own_binary() {
  std::string called;
  std::ifstream("/proc/self/cmdline") >> called;
  called = called.substr(0, called.find('\0'));
  std::error_code failed;
  if (called.find('/') != std::string::npos && is_same_file(called, "/proc/self/exe")) {
    const auto whole = std::filesystem::absolute(called, failed);
    if (!failed) return whole.lexically_normal().string();
  }
  std::string path = std::filesystem::read_symlink("/proc/self/exe", failed).string();
  if (path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
  return path;
}

std::string why_not_runnable(const std::string& binary) {
  struct stat status {};
  if (binary.empty() || binary.front() != '/') {
    return fmt::format("\"{}\" must be an absolute path", binary);
  }
  if (::stat(binary.c_str(), &status) != 0) {
    const int why = errno;
    return binary + ": " + std::strerror(why) + (why == ENOENT ? hint_for_absent(binary) : "");
  }
  if (!S_ISREG(status.st_mode)) return binary + ": is not a file";
  if (::access(binary.c_str(), X_OK) != 0) return binary + ": is not executable";
  if (!is_program(binary)) return binary + ": is neither a binary of Linux nor a script with #!";
  return "";
}

}  // namespace tealgate
