#include "control/cli/check_command.h"

#include <nlohmann/json.hpp>

#include "control/command.h"
#include "control/config_file.h"

namespace tealgate::cli {
namespace {

using nlohmann::ordered_json;

constexpr int kExitInvalid = 7;

ordered_json diagnostics_of(const std::vector<Diagnostic>& found) {
  ordered_json list = ordered_json::array();
  for (const Diagnostic& each : found) {
    list.push_back({{"file", each.file},
                    {"line", each.line},
                    {"column", each.column},
                    {"message", each.message},
                    {"hint", each.hint},
                    {"warning", each.is_warning}});
  }
  return list;
}

}  // namespace

int check_config(const Arguments& arguments, std::ostream& out, std::ostream& err) {
  std::string path =
      arguments.words.empty() ? "/etc/tealgate/tealgate.yaml" : arguments.words.front();
  ConfigResult loaded = load_config(path);
  const std::vector<Diagnostic>& found = loaded ? loaded->warnings : loaded.error();
  ordered_json result;
  if (loaded) {
    result = {{"ok", true}, {"warnings", diagnostics_of(found)}};
  } else {
    ordered_json error = {{"code", "config_invalid"},
                          {"exit", kExitInvalid},
                          {"message", path + " is invalid"},
                          {"details", diagnostics_of(found)},
                          {"hint", ""},
                          {"text", render(found)}};
    result = {{"ok", false}, {"error", error}};
  }
  if (arguments.json) {
    out << json_text(result) << '\n';
  } else {
    err << render(found);
    if (loaded) out << path << ": ok\n";
  }
  return loaded ? 0 : kExitInvalid;
}

}  // namespace tealgate::cli
