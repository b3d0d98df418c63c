#include "control/program.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace tealgate {
namespace {

constexpr std::string_view kDeleted = " (deleted)";

bool is_same_file(const std::string& a, const char* b) {
  struct stat of_a {
  }, of_b{};
  return ::stat(a.c_str(), &of_a) == 0 && ::stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
         of_a.st_ino == of_b.st_ino;
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
  if (::stat(binary.c_str(), &status) != 0) return binary + ": " + std::strerror(errno);
  if (!S_ISREG(status.st_mode)) return binary + ": is not a file";
  if (::access(binary.c_str(), X_OK) != 0) return binary + ": is not executable";
  return "";
}

}  // namespace tealgate
