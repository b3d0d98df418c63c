#include <utility>

#include "base/suggest.h"
#include "control/cli/arguments.h"
#include "control/cli/command_table.h"

namespace tealgate::cli {
namespace {

// Words of neighbouring tools, and of interfaces to come, with what to type instead.
constexpr std::pair<const char*, const char*> kOtherWords[] = {
    {"deploy", "tealgate switch POOL"},
    {"promote", "tealgate switch POOL"},
    {"flip", "tealgate switch POOL"},
    {"cutover", "tealgate switch POOL"},
    {"swap", "tealgate switch POOL"},
    {"enable", "tealgate ready SERVER"},
    {"disable", "tealgate maint SERVER"},
    {"revert", "tealgate rollback"},
    {"undo", "tealgate rollback"},
    {"start", "tealgate run"},
    {"serve", "tealgate run"},
    {"validate", "tealgate check"},
    {"test", "tealgate check"},
    {"log", "tealgate logs --follow"},
    {"tail", "tealgate logs --follow"},
    {"watch", "tealgate top"},
    {"dashboard", "tealgate top"},
    {"canary", "tealgate switch blue=90 green=10 (a ramp does not exist yet)"},
    {"ramp", "tealgate switch blue=90 green=10 (a ramp does not exist yet)"},
};

}  // namespace

std::string suggest_command(const std::string& word) {
  for (const auto& [other, ours] : kOtherWords) {
    if (word == other) return ours;
  }
  std::vector<std::string> names;
  for (const CommandRow& row : command_table()) names.emplace_back(row.name);
  std::string name = suggest(word, names);
  return name.empty() ? name : "tealgate " + name;
}

}  // namespace tealgate::cli
