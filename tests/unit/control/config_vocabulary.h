// What tests of the config reader share: a machine that knows few names, and the test files.
#pragma once

#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "control/config_file.h"

namespace tealgate::config_test {

inline constexpr const char* kSecret = "hunter2";

inline std::string folder() {
  return std::string(TEALGATE_TESTS_DIR) + "/config";
}

inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A machine with three variables, one secret file and one host name.
inline ConfigSurroundings surroundings() {
  return {.variable = [](const std::string& name) -> std::optional<std::string> {
            if (name == "SECRET") return kSecret;
            if (name == "EMPTY") return "";
            if (name == "PORT") return "8081";
            if (name == "YAML") return "{shop: {pools: {blue: ':1'}}}";
            return std::nullopt;
          },
          .content = [](const std::string& path, std::size_t) -> Result<std::string> {
            if (path == "/etc/app/token") return std::string(kSecret) + "\n";
            if (path == "/etc/tealgate/502.html") return std::string("<h1>{{status}}</h1>");
            if (path == "/etc/tealgate/binary") return std::string("\0", 1);
            if (path == "conf/port.txt") return std::string("8082\r\n");
            constexpr std::string_view kTls = "/etc/tealgate/tls/";
            if (path.starts_with(kTls)) {
              const std::string text = read_text(folder() + "/tls/" + path.substr(kTls.size()));
              if (!text.empty()) return text;
            }
            return error("cannot be read: No such file or directory");
          },
          .resolve = [](std::string_view text) -> Result<SocketAddress> {
            if (!text.starts_with("app1:")) return error("no such name");
            return SocketAddress::parse("10.9.9.9" + std::string(text.substr(4)),
                                        SocketAddress::EmptyHost::Loopback);
          },
          .group = [](const std::string& name) -> Result<gid_t> {
            if (name != "deploy") return error("is no group of this machine");
            return gid_t{4711};
          }};
}

}  // namespace tealgate::config_test
