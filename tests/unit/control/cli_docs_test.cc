#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "control/cli/arguments.h"

using namespace tealgate::cli;
using Flags = std::set<std::string>;

namespace {

Flags flags_in(const std::string& text, const std::regex& pattern) {
  Flags flags;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) {
    flags.insert((*match)[1].str());
  }
  return flags;
}

// The sections of docs/commands.md: "" is the one of the flags of all commands.
std::map<std::string, std::string> sections() {
  std::ifstream file(std::string(TEALGATE_TESTS_DIR) + "/../docs/commands.md");
  std::map<std::string, std::string> result;
  std::string title = "intro";
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("## tealgate ", 0) == 0) {
      title = line.substr(12);
      result[title];
    } else if (line.rfind("## ", 0) == 0) {
      title = line == "## Flags of all commands" ? "" : "intro";
    } else {
      result[title] += line + "\n";
    }
  }
  result.erase("intro");
  return result;
}

// Flags as a help defines them: at the beginning of a line.
Flags defined_in_help(const std::string& help) {
  return flags_in(help, std::regex("(?:^|\n) +(?:-[a-z],)?(--[a-z-]+)"));
}

// Flags as the document defines them: in the first cell of a row.
Flags defined_in_document(const std::string& section) {
  Flags flags;
  std::istringstream lines(section);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("| `-", 0) != 0) continue;
    const std::string cell = line.substr(0, line.find(" | "));
    flags.merge(flags_in(cell, std::regex("`(--[a-z-]+)")));
  }
  return flags;
}

}  // namespace

TEST_CASE("docs/commands.md: it has a section for every command, and for no other") {
  std::set<std::string> documented;
  for (const auto& [title, text] : sections()) documented.insert(title);
  std::set<std::string> existing;
  for (const auto& [command, help] : help_by_command()) existing.insert(command);
  CHECK(documented == existing);
}

TEST_CASE("docs/commands.md: it names every flag of the help, and no other") {
  const std::map<std::string, std::string> documented = sections();
  for (const auto& [command, help] : help_by_command()) {
    CAPTURE(command);
    REQUIRE(documented.count(command) == 1);
    Flags helped = defined_in_help(help);
    if (!command.empty()) helped.erase("--help");
    CHECK(defined_in_document(documented.at(command)) == helped);
  }
}
