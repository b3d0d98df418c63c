// What tests of the control API share: a control loop served on a real Unix socket, and its
// clients.
#pragma once

#include <algorithm>
#include <fstream>
#include <sstream>

#include "control/api.h"
#include "control/cli/conversation.h"
#include "control/control_socket.h"
#include "control/telemetry.h"
#include "unit/control/deploy_vocabulary.h"

namespace tealgate::api_test {

// One client of the socket, by lines.
struct Client {
  Client(Loop& loop, const std::string& path, const cli::Request& request)
      : conversation(loop, *SocketAddress::unix_path(path), request,
                     [this](std::string_view line) { lines.push_back(Json::parse(line)); }) {}
  bool is_over() const { return conversation.is_over(); }
  int status() const { return conversation.answer().status; }
  Json result() const { return Json::parse(conversation.answer().body); }
  bool heard(const std::string& word) const {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const Json& line) { return line.value("progress", "") == word; });
  }
  std::vector<Json> lines;
  cli::Conversation conversation;
};

inline ControlSocketConfig settings_at(const std::string& path) {
  ControlSocketConfig settings;
  settings.path = path;
  return settings;
}

// The API of a control loop, served on a real Unix socket.
struct Served {
  explicit Served(Config config = shop_config()) : deploy(std::move(config)) {}

  Deploy deploy;
  DaemonFacts facts{"0.1.0", 7, WallTime{}};
  Telemetry telemetry{deploy.loop, *deploy.cell, deploy.data_plane, facts.started_at,
                      [this] { return status_object(*deploy.control, facts); }};
  Api api{{*deploy.control, telemetry, facts, [] { return std::string("tealgate_up 1\n"); }}};
  std::string path = deploy.folder.file("control.sock");
  ControlSocketConfig settings = settings_at(path);
  std::unique_ptr<ControlSocket> socket =
      std::move(*ControlSocket::open(deploy.loop, settings, api));

  std::string fields;  // of each request, besides the usual ones
  std::unique_ptr<Client> begin(const std::string& method, const std::string& target,
                                const std::string& body = "") {
    return std::make_unique<Client>(deploy.loop, path,
                                    cli::Request{method, target, body, "", fields});
  }
  std::unique_ptr<Client> ask(const std::string& method, const std::string& target,
                              const std::string& body = "") {
    auto client = begin(method, target, body);
    deploy.until([&] { return client->is_over(); });
    REQUIRE_MESSAGE(client->conversation.answer().outcome == cli::Answer::Outcome::Answered,
                    client->conversation.answer().error);
    return client;
  }
  std::unique_ptr<Client> get(const std::string& target) { return ask("GET", target); }
  std::unique_ptr<Client> post(const std::string& target, const Json& body) {
    return ask("POST", target, body.dump());
  }
};

inline void check_refused(const Client& client, int status, const std::string& code, int exit) {
  REQUIRE(client.status() == status);
  const Json result = client.result();
  CHECK(result["ok"] == false);
  CHECK(result["error"]["code"] == code);
  CHECK(result["error"]["exit"] == exit);
  CHECK_FALSE(result["error"]["message"].get<std::string>().empty());
}

inline std::string document(const char* name) {
  std::ifstream file(std::string(TEALGATE_TESTS_DIR) + "/../docs/" + name);
  std::stringstream text;
  text << file.rdbuf();
  REQUIRE_FALSE(text.str().empty());
  return text.str();
}

}  // namespace tealgate::api_test
