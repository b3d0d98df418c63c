#include "control/cli/requests.h"

#include <fmt/core.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "control/command.h"

namespace tealgate::cli {
namespace {

using nlohmann::ordered_json;

ordered_json to_json(const FlagValue& value) {
  return std::visit([](const auto& each) { return ordered_json(each); }, value);
}

// The flags by their fields' names. `by` stands in each body; what a command has no field for is
// not a flag of it.
ordered_json body_of(const Arguments& arguments, const std::string& token) {
  ordered_json body = ordered_json::object();
  for (const auto& [field, value] : arguments.flags) body[field] = to_json(value);
  if (!token.empty() && !body.contains("lock")) body["lock"] = token;
  return body;
}

std::string service_path(const std::string& service) {
  return "/v1/services/" + encoded(service);
}

}  // namespace

Target parse_pool_word(const std::string& word) {
  std::size_t slash = word.find('/');
  if (slash == std::string::npos) return {"", word, ""};
  return {word.substr(0, slash), word.substr(slash + 1), ""};
}

Target parse_server_word(const std::string& word) {
  std::size_t last = word.rfind('/');
  if (last == std::string::npos) return {"", "", word};
  Target target = parse_pool_word(word.substr(0, last));
  target.server = word.substr(last + 1);
  return target;
}

Request service_request(const Arguments& arguments, const std::string& service,
                        const std::string& token) {
  ordered_json body = body_of(arguments, token);
  std::string path = service_path(service) + "/" + arguments.command;
  if (arguments.command == "switch") body["to"] = arguments.words;
  if (arguments.command == "rollback" && body.contains("to")) {
    body["to_revision"] = body["to"];
    body.erase("to");
  }
  if (arguments.command == "wait") {
    body["pool"] = arguments.words.front();
    if (!body.contains("healthy")) body["healthy"] = "all";
  }
  if (arguments.command == "lock" && !arguments.child.empty()) body["hold"] = true;
  return {"POST", path, json_text(body), arguments.text("operation")};
}

Request server_request(const Arguments& arguments, const Target& target, const std::string& token) {
  ordered_json body = body_of(arguments, token);
  body["state"] = arguments.command;
  std::string path = fmt::format("{}/pools/{}/servers/{}/state", service_path(target.service),
                                 encoded(target.pool), encoded(target.server));
  return {"POST", path, json_text(body), arguments.text("operation")};
}

Request reload_request(const Arguments& arguments) {
  return {"POST", "/v1/reload", json_text(body_of(arguments, "")), ""};
}

// The daemon does not know our folder.
Request upgrade_request(const Arguments& arguments) {
  ordered_json body = body_of(arguments, "");
  if (!arguments.words.empty()) {
    std::error_code failed;
    const auto whole = std::filesystem::absolute(arguments.words.front(), failed);
    body["binary"] = failed ? arguments.words.front() : whole.lexically_normal().string();
  }
  return {"POST", "/v1/upgrade", json_text(body), ""};
}

Request status_request(const std::string& service) {
  return {"GET", service.empty() ? "/v1/status" : service_path(service), "", ""};
}

Request history_request(const Arguments& arguments) {
  std::string path = "/v1/history";
  char before = '?';
  if (!arguments.service.empty()) {
    path += before + ("service=" + encoded(arguments.service));
    before = '&';
  }
  auto limit = arguments.flags.find("limit");
  if (limit != arguments.flags.end()) {
    path += fmt::format("{}limit={}", before, std::get<std::uint64_t>(limit->second));
  }
  return {"GET", path, "", ""};
}

Request operation_request(const std::string& id, const std::string& service) {
  std::string path = "/v1/operations/" + encoded(id) + "?wait=1";
  if (!service.empty()) path += "&service=" + encoded(service);
  return {"GET", path, "", id};
}

std::string encoded(const std::string& text) {
  std::string result;
  for (unsigned char c : text) {
    bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                 c == '-' || c == '.' || c == '_' || c == '~' || c == ':';
    if (plain) {
      result += static_cast<char>(c);
    } else {
      result += fmt::format("%{:02X}", static_cast<unsigned>(c));
    }
  }
  return result;
}

}  // namespace tealgate::cli
