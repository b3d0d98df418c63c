#include "control/locations.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

namespace tealgate {

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// A folder that systemd made; of several, which it separates by colons, the first.
std::string made_by_systemd(const char* name) {
  const std::string folders = environment(name);
  return folders.substr(0, folders.find(':'));
}

void add_below(std::vector<std::string>& folders, const std::string& parent, const char* child) {
  if (!parent.empty()) folders.push_back(parent + child);
}

Result<std::string> first_writable(const std::vector<std::string>& folders, const char* what) {
  for (const std::string& folder : folders) {
    if (make_folder(folder)) return folder;
  }
  return error("no folder for the {} is writable (tried {}); name one in the config: control.{}",
               what, fmt::join(folders, ", "), what);
}

}  // namespace

Result<void> make_folder(const std::string& path) {
  std::error_code failed;
  if (std::filesystem::create_directories(path, failed)) {
    std::filesystem::permissions(path, std::filesystem::perms(0750), failed);
  }
  if (failed) return error("{}: cannot make the folder: {}", path, failed.message());
  if (!std::filesystem::is_directory(path)) return error("{}: is not a folder", path);
  if (access(path.c_str(), W_OK | X_OK) != 0) {
    return error("{}: cannot write to the folder: {}", path, std::strerror(errno));
  }
  return {};
}

Result<std::string> default_control_socket() {
  std::vector<std::string> folders;
  add_below(folders, made_by_systemd("RUNTIME_DIRECTORY"), "");
  folders.push_back("/run/tealgate");
  add_below(folders, environment("XDG_RUNTIME_DIR"), "/tealgate");
  return first_writable(folders, "socket").map([](const std::string& folder) {
    return folder + "/control.sock";
  });
}

Result<std::string> default_state_folder() {
  std::vector<std::string> folders;
  add_below(folders, made_by_systemd("STATE_DIRECTORY"), "");
  folders.push_back("/var/lib/tealgate");
  add_below(folders, environment("XDG_STATE_HOME"), "/tealgate");
  add_below(folders, environment("HOME"), "/.local/state/tealgate");
  return first_writable(folders, "state");
}

Result<UniqueFd> lock_state_folder(const std::string& path) {
  const std::string file = path + "/lock";
  UniqueFd fd(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!fd.is_open()) return error("{}: cannot open the lock: {}", file, std::strerror(errno));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return error(
        "{}: a running daemon keeps its state here; stop it first, or give another folder in "
        "control.state",
        path);
  }
  return fd;
}

std::string default_access_log() {
  const char* folder = "/var/log/tealgate";
  return access(folder, W_OK | X_OK) == 0 ? "/var/log/tealgate/access.log" : "stdout";
}

}  // namespace tealgate
