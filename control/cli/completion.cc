#include "control/cli/completion.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/cli/command_table.h"

namespace tealgate::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kBash = R"(# Sourced by bash, or put into its folder of completions.
_tealgate() {
  local line=${COMP_LINE:0:COMP_POINT} words kept
  read -ra words <<<"$line"
  [[ $line != *[[:space:]] ]] || words+=("")
  mapfile -t COMPREPLY < <(timeout 2 "${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
  # For bash a word ends at : and =, and it puts in only what comes behind them.
  kept=${words[-1]%"${words[-1]##*[:=]}"}
  COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}
complete -o default -F _tealgate tealgate
)";

constexpr std::string_view kZsh = R"(#compdef tealgate
_tealgate() {
  local -a candidates
  candidates=("${(@f)$(timeout 2 "${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "${candidates[1]}" ]]; then compadd -- "${candidates[@]}"; else _files; fi
}
if [[ "${funcstack[1]}" = _tealgate ]]; then _tealgate "$@"; else compdef _tealgate tealgate; fi
)";

constexpr std::string_view kFish = R"(function __tealgate_complete
    set -l words (commandline -opc) (commandline -ct)
    timeout 2 tealgate __complete $words[2..-1] 2>/dev/null
end
complete -c tealgate -f -a '(__tealgate_complete)'
complete -c tealgate -n '__fish_seen_subcommand_from run check upgrade' -F
)";

const FlagRow kService{"service", FlagKind::Text, "SERVICE", ""};
const FlagRow kOfAllCommands[] = {
    kService,
    {"socket", FlagKind::Text, "PATH", ""},
    {"json", FlagKind::Yes, "", ""},
    {"quiet", FlagKind::Yes, "", ""},
    {"no_color", FlagKind::Yes, "", ""},
    {"help", FlagKind::Yes, "", ""},
    {"version", FlagKind::Yes, "", ""},
};

// What a flag or a word is called in the help, and what may stand there.
class Places {
 public:
  explicit Places(const std::string& status) {
    const json parsed = json::parse(status, nullptr, false);
    if (parsed.is_object()) services_ = parsed.value("services", json::object());
  }

  std::vector<std::string> at(const std::string& place, const std::string& service) const {
    if (place == "SERVICE") return services();
    if (place == "POOL" || place == "POOL[,POOL]") return pools(service);
    if (place == "SERVER") return servers(service);
    if (place == "ACTION") return {"break", "mend"};
    if (place == "SHELL") return {"bash", "zsh", "fish"};
    if (place == "done|drained|switched") return {"done", "drained", "switched"};
    if (place == "all|N") return {"all"};
    return {};
  }

 private:
  std::vector<std::string> services() const {
    std::vector<std::string> names;
    for (const auto& [name, service] : services_.items()) names.push_back(name);
    return names;
  }

  // "green", or "shop/green" where the line leaves open which of several services is meant.
  std::vector<std::string> pools(const std::string& service) const {
    std::vector<std::string> names;
    each_pool(service, [&](const std::string& prefix, const json& pool) {
      names.push_back(prefix + pool.value("name", ""));
    });
    return names;
  }

  std::vector<std::string> servers(const std::string& service) const {
    std::vector<std::string> names;
    each_pool(service, [&](const std::string& prefix, const json& pool) {
      for (const json& server : pool.value("servers", json::array())) {
        names.push_back(prefix + pool.value("name", "") + "/" + server.value("name", ""));
      }
    });
    return names;
  }

  template <class Visit>
  void each_pool(const std::string& asked, const Visit& visit) const {
    for (const auto& [name, service] : services_.items()) {
      if (!asked.empty() && name != asked) continue;
      const bool is_clear = !asked.empty() || services_.size() == 1;
      for (const json& pool : service.value("pools", json::array())) {
        visit(is_clear ? "" : name + "/", pool);
      }
    }
  }

  json services_ = json::object();
};

// The long form: "--config".
std::string spelt(const FlagRow& flag) {
  const std::string name = flag_name(flag);
  return name.substr(name.find("--"));
}

// What stands before the cursor, as far as completion cares.
struct Line {
  const CommandRow* command = nullptr;
  const FlagRow* awaits_value = nullptr;  // the flag whose value the cursor is at
  std::string service;
  std::string socket;
  bool is_behind_dashes = false;

  void take(const std::string& word);
  const FlagRow* find_flag(const std::string& word) const;
};

const FlagRow* Line::find_flag(const std::string& word) const {
  if (word == "-s") return &kService;
  for (const FlagRow& flag : kOfAllCommands) {
    if (word == spelt(flag)) return &flag;
  }
  if (!command) return nullptr;
  for (const FlagRow& flag : command->flags) {
    const bool is_letter = flag.letter && word == std::string("-") + flag.letter;
    if (is_letter || word == spelt(flag)) return &flag;
  }
  return nullptr;
}

void Line::take(const std::string& word) {
  if (awaits_value) {
    if (awaits_value->field == std::string_view("service")) service = word;
    if (awaits_value->field == std::string_view("socket")) socket = word;
    awaits_value = nullptr;
    return;
  }
  if (word == "--") is_behind_dashes = true;
  if (word.starts_with('-')) {
    const std::size_t equals = word.find('=');
    const FlagRow* flag = find_flag(word.substr(0, equals));
    if (flag && flag->kind != FlagKind::Yes) awaits_value = flag;
    if (awaits_value && equals != word.npos) take(word.substr(equals + 1));
    return;
  }
  for (const CommandRow& row : command_table()) {
    if (!command && word == row.name) command = &row;
  }
}

std::vector<std::string> flags_of(const Line& line) {
  std::vector<std::string> names;
  if (line.command) {
    for (const FlagRow& flag : line.command->flags) names.push_back(spelt(flag));
  }
  for (const FlagRow& flag : kOfAllCommands) names.push_back(spelt(flag));
  return names;
}

std::vector<std::string> candidates(const Line& line, const std::string& typed,
                                    const AskStatus& ask_status) {
  if (line.is_behind_dashes) return {};
  if (!line.awaits_value && typed.starts_with('-')) return flags_of(line);
  if (!line.awaits_value && !line.command) {
    std::vector<std::string> names;
    for (const CommandRow& row : command_table()) names.emplace_back(row.name);
    return names;
  }
  const char* place = line.awaits_value ? line.awaits_value->type : line.command->words.name;
  if (!place) return {};
  return Places(ask_status(line.socket)).at(place, line.service);
}

}  // namespace

std::vector<std::string> complete(const std::vector<std::string>& words,
                                  const AskStatus& ask_status) {
  if (words.empty()) return {};
  Line line;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) line.take(words[i]);
  std::string typed = words.back();
  std::string kept;  // "--until="
  const std::size_t equals = typed.starts_with("--") ? typed.find('=') : typed.npos;
  if (equals != typed.npos) {
    kept = typed.substr(0, equals + 1);
    typed = typed.substr(equals + 1);
    line.take(kept.substr(0, equals));
  }
  std::vector<std::string> found = candidates(line, typed, ask_status);
  std::erase_if(found, [&](const std::string& name) { return !name.starts_with(typed); });
  for (std::string& name : found) name.insert(0, kept);
  return found;
}

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  return shell == "fish" ? kFish : "";
}

}  // namespace tealgate::cli
